// A CommonJS module in TypeScript that loads the package by require.
import kit = require('httpkit-wasm')

import { type Frame, FrameDecoder, ProtocolError } from 'httpkit-wasm/core'
import { wrapParams } from 'httpkit-wasm/middleware'

export const decoder: FrameDecoder = new FrameDecoder({ role: 'client' })
export const frames = (bytes: Uint8Array): Frame[] => decoder.push(bytes)
export const isOurs = (error: unknown): error is ProtocolError => error instanceof ProtocolError
export const handler: kit.Handler = wrapParams(({ params }) => ({ body: String(params.a) }))
export const failed = (error: unknown): boolean => error instanceof kit.HttpKitError
export const server: Promise<kit.HttpServer> = kit.runServer(handler)

// @ts-expect-error no such method
decoder.pish()
// @ts-expect-error no such name
kit.startServer
