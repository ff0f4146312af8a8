// What comes of a client's requests, told in short.
//
//   const error = await failureOf(client.get(url))              it must fail, and be nothing else than a failure
//   const { method, rawHeaders } = await jsonOf<Mirrored>(client.get(url))
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { type ClientResponse, HttpKitError } from '../../src/client.js'

/** The error of a request that must fail. */
export async function failureOf(request: PromiseLike<ClientResponse>): Promise<HttpKitError> {
  const response = await request
  expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
  expect(response.error).toBeInstanceOf(HttpKitError)
  return response.error!
}

/** The error's code, and that of its cause. */
export async function codesOf(request: PromiseLike<ClientResponse>): Promise<[string, unknown]> {
  const { code, cause } = await failureOf(request)
  return [code, (cause as { code?: string } | undefined)?.code]
}

/** A body of JSON, behind a 200. */
export async function jsonOf<T>(request: PromiseLike<ClientResponse>): Promise<T> {
  const response = await request
  expect(response).toMatchObject({ status: 200, body: expect.any(String) })
  return JSON.parse(response.body as string) as T
}

/** All of a body that streams. */
export async function readAll(body: unknown): Promise<Buffer> {
  expect(body).toBeInstanceOf(ReadableStream)
  const pieces: Uint8Array[] = []
  for await (const piece of body as ReadableStream<Uint8Array>) pieces.push(piece)
  return Buffer.concat(pieces)
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
