// A way through an HTTP proxy to somewhere else (RFC 9110 §9.3.6).
import type { Socket } from 'node:net'
import type { ResponseHead } from '../core/parse-head.js'
import { HttpKitError } from './error.js'
import { HeadCollector } from './head-collector.js'
import type { Target } from './target.js'

/**
 * Asks the proxy at the other end of `socket` for a tunnel; what is sent after that reaches the target.
 *
 * @throws HttpKitError ERR_PROXY, with the status of its refusal
 */
export async function openTunnel(socket: Socket, target: Target, credentials?: string): Promise<void> {
  const { status, headers } = await ask(socket, connectHead(target, credentials))
  if (status >= 200 && status < 300) return
  socket.destroy()
  throw new HttpKitError('ERR_PROXY', `the proxy answered ${status}`, { status, headers })
}

function connectHead({ host, port }: Target, credentials: string | undefined): string {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const authorization = credentials === undefined ? '' : `Proxy-Authorization: ${credentials}\r\n`
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`
}

function ask(socket: Socket, head: string): Promise<ResponseHead> {
  return new Promise((resolve, reject) => {
    const collector = new HeadCollector()
    const fail = (cause?: unknown): void => {
      const reason = cause instanceof Error ? cause.message : 'it closed the connection'
      socket.destroy()
      reject(new HttpKitError('ERR_PROXY', `the proxy did not answer: ${reason}`, { cause }))
    }
    const onGone = (): void => fail()
    const onData = (bytes: Buffer): void => {
      try {
        const answer = collector.push(bytes)
        if (answer === undefined) return
        socket.off('data', onData).off('error', fail).off('end', onGone).off('close', onGone).pause()
        if (answer.rest > 0) socket.unshift(bytes.subarray(bytes.length - answer.rest))
        resolve(answer.head)
      } catch (error) {
        fail(error)
      }
    }
    socket.on('data', onData).on('error', fail).on('end', onGone).on('close', onGone)
    socket.write(head, 'latin1')
  })
}
