// One message to many: every WebSocket is sent the same bytes, where nothing forbids it.
import { SharedMessage } from './shared-message.js'

/** Whatever messages can be sent to: channels of every kind, and the sockets of Ring listeners. */
export interface Recipient {
  /** Whether something can still be sent. */
  readonly isOpen: boolean
  /** As a channel or a socket sends. */
  send(message: string | Uint8Array): unknown
}

/** One that can be sent what is encoded already. */
interface Sharing extends Recipient {
  sendShared(shared: SharedMessage): boolean
  close(): unknown
}

/**
 * Sends the message to all of them; its frame is encoded once.
 *
 * @param closeAfterSend as for `channel.send`: by default an HTTP channel's answer ends, and a WebSocket stays open
 * @returns how many it was sent to; a closed one is passed over
 */
export function broadcast(
  recipients: Iterable<Recipient>,
  message: string | Uint8Array,
  closeAfterSend?: boolean,
): number {
  const shared = new SharedMessage(message)
  let reached = 0
  for (const recipient of recipients) if (sendTo(recipient, shared, closeAfterSend)) reached++
  return reached
}

/** Sends one of them what is sent to many. @returns whether it was open */
export function sendTo(
  recipient: Recipient,
  shared: SharedMessage,
  closeAfterSend: boolean | undefined,
): boolean {
  if ('sendShared' in recipient) {
    const isSent = (recipient as Sharing).sendShared(shared)
    if (closeAfterSend) (recipient as Sharing).close()
    return isSent
  }
  const send = recipient.send as (message: string | Uint8Array, closeAfterSend?: boolean) => unknown
  return send.call(recipient, shared.message, closeAfterSend) === true
}
