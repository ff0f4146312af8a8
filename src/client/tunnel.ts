// A way through an HTTP proxy to somewhere else (RFC 9110 §9.3.6).
import type { ResponseHead } from '../core/parse-head.js'
import type { ByteSocket } from '../io/socket.js'
import { HttpKitError } from './error.js'
import { HeadCollector } from './head-collector.js'
import type { Target } from './target.js'

/**
 * Asks the proxy at the other end of `socket` for a tunnel; what is sent after that reaches the target.
 *
 * @throws HttpKitError ERR_PROXY, with the status of its refusal; ERR_TLS where the target speaks before it is spoken to
 */
export async function openTunnel(socket: ByteSocket, target: Target, credentials?: string): Promise<void> {
  const { head, rest } = await ask(socket, connectHead(target, credentials))
  const { status, headers } = head
  const isOpen = status >= 200 && status < 300
  if (isOpen && rest.length === 0) return
  if (isOpen && !target.isSecure) return socket.unshift(rest)
  socket.destroy()
  if (!isOpen) throw new HttpKitError('ERR_PROXY', `the proxy answered ${status}`, { status, headers })
  throw new HttpKitError('ERR_TLS', `no TLS with ${target.host}: bytes came before the handshake`)
}

function connectHead({ host, port }: Target, credentials: string | undefined): string {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const authorization = credentials === undefined ? '' : `Proxy-Authorization: ${credentials}\r\n`
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`
}

/** @returns the answer, and what came behind it */
function ask(socket: ByteSocket, head: string): Promise<{ head: ResponseHead; rest: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const collector = new HeadCollector()
    const fail = (cause?: unknown): void => {
      const reason = cause instanceof Error ? cause.message : 'it closed the connection'
      socket.destroy()
      reject(new HttpKitError('ERR_PROXY', `the proxy did not answer: ${reason}`, { cause }))
    }
    const onGone = (): void => fail()
    const onData = (bytes: Uint8Array): void => {
      try {
        const answer = collector.push(bytes)
        if (answer === undefined) return
        socket.off('data', onData).off('error', fail).off('end', onGone).off('close', onGone).pause()
        resolve({ head: answer.head, rest: bytes.subarray(bytes.length - answer.rest) })
      } catch (error) {
        fail(error)
      }
    }
    socket.on('data', onData).on('error', fail).on('end', onGone).on('close', onGone)
    socket.write(head, 'latin1')
  })
}
