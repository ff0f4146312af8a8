// What comes before a connection's first byte where `proxyProtocol` is on. It is read from the socket as a stream, since
// under TLS it stands outside the encryption; what follows it goes on to whom it is meant for.
import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { type Headers, newHeaders } from '../core/fields.js'
import { type ProxyHeader, readProxyHeader } from '../core/proxy-header.js'
import { MAX_DELAY_MS } from '../io/timer-wheel.js'

export interface Proxied {
  /** The client's address, where the proxy named one. */
  address: string | undefined
  /** http-kit's fields for it, which a client cannot forge then. */
  fields: Headers | undefined
}

/**
 * Reads the PROXY header; calls back with it and with the bytes read past it, or with the error.
 *
 * @param timeoutMs milliseconds the header may take; the socket is destroyed after them
 */
export function readPreface(
  socket: Socket,
  isRequired: boolean,
  timeoutMs: number,
  done: (error: Error | undefined, proxied: Proxied, rest: Buffer) => void,
): void {
  let read: Buffer = Buffer.alloc(0)
  const finish = (error: Error | undefined, header: ProxyHeader | undefined): void => {
    clearTimeout(timer)
    socket.off('readable', onReadable).off('end', onEnd).off('error', onEnd)
    done(error, proxiedBy(header), read.subarray(header?.length ?? 0))
  }
  const onReadable = (): void => {
    for (let piece = socket.read() as Buffer | null; piece; piece = socket.read() as Buffer | null) {
      read = Buffer.concat([read, piece])
    }
    try {
      const header = read.length > 0 ? readProxyHeader(read, isRequired) : undefined
      if (header) finish(undefined, header)
    } catch (error) {
      finish(error as Error, undefined)
    }
  }
  const onEnd = (): void => {
    clearTimeout(timer)
    socket.destroy()
  }
  const timer = setTimeout(onEnd, Math.min(timeoutMs, MAX_DELAY_MS))
  socket.on('readable', onReadable).on('end', onEnd).on('error', onEnd)
}

function proxiedBy(header: ProxyHeader | undefined): Proxied {
  if (header?.address === undefined) return { address: undefined, fields: undefined }
  const fields = new newHeaders()
  fields['x-forwarded-for'] = header.address
  fields['x-forwarded-port'] = String(header.port)
  if (header.port === 80) fields['x-forwarded-proto'] = 'http'
  if (header.port === 443) fields['x-forwarded-proto'] = 'https'
  return { address: header.address, fields }
}
