// Sources of a body's pieces that tell what is asked of them, and bodies to put into them.
import { decodeMultipart, type MultipartLimits, type MultipartPart } from '../../src/core.js'

/** Counts its pulls, and the times it is told that nobody wants the rest. */
export class CountedSource implements AsyncIterable<Uint8Array> {
  pulls = 0
  returned = 0
  private readonly pieces: Iterator<Uint8Array | Error>

  /** @param pieces an Error among them is thrown */
  constructor(pieces: Iterable<Uint8Array | Error>) {
    this.pieces = pieces[Symbol.iterator]()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: async () => {
        this.pulls++
        const { done, value } = this.pieces.next()
        if (value instanceof Error) throw value
        return done ? { done: true, value: undefined } : { done: false, value: value! }
      },
      return: async () => {
        this.returned++
        return { done: true, value: undefined }
      },
    }
  }
}

/** A stream of the pieces, each made when it is asked for. */
export function readableOf(pieces: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const rest = pieces[Symbol.iterator]()
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = rest.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}

export const FORM = 'multipart/form-data; boundary=b'
export const MIXED = 'multipart/mixed; boundary=b'

/** A part of a body with the boundary `b`: its delimiter, its head, its data and a line end. */
export function formPart(name: string, data: string | Uint8Array, filename?: string, fields = ''): Buffer {
  const file = filename === undefined ? '' : `; filename="${filename}"`
  const head = `--b\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${fields}\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(data as string), Buffer.from('\r\n')])
}

export const END = Buffer.from('--b--\r\n')

/** A form of text fields. */
export function formOf(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat([...Object.entries(fields).map(([name, data]) => formPart(name, data)), END])
}

type Source = Parameters<typeof decodeMultipart>[0]

/** The parts of a form and what each holds. */
export async function readForm(
  source: Source,
  limits?: MultipartLimits,
  contentType = FORM,
): Promise<[name: string | undefined, data: Buffer][]> {
  const parts: [name: string | undefined, data: Buffer][] = []
  for await (const part of decodeMultipart(source, contentType, limits)) {
    parts.push([part.name, Buffer.from(await part.bytes())])
  }
  return parts
}

/** The first part, and the iterator that gives the next. */
export async function firstPart(
  source: Source,
  limits?: MultipartLimits,
  contentType = FORM,
): Promise<{ part: MultipartPart; parts: AsyncIterator<MultipartPart> }> {
  const parts = decodeMultipart(source, contentType, limits)[Symbol.asyncIterator]()
  const { value, done } = await parts.next()
  if (done) throw new Error('there is no part')
  return { part: value, parts }
}

/** Reads to the end, and throws away what it reads. */
export async function drain(source: AsyncIterable<unknown>): Promise<void> {
  const items = source[Symbol.asyncIterator]()
  while (!(await items.next()).done);
}

/** What it is rejected with. */
export function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`not rejected, but ${value}`)
    },
    (error: unknown) => error,
  )
}

/** Lets everything go on that waits for nothing but its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
