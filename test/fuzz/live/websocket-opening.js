// How a session comes to its open WebSocket: as a client of our server, or as a server of our client; and how it is refused.
import { Failure } from '../engine/failure.js'
import { Peer } from './peer.js'
import { answered, askedFor, faultOfAnswer, wronglyAskedFor } from './websocket-handshakes.js'

/** @param log takes the frames that come back @returns a Peer */
export function openedWith(run, plan, log, name) {
  return (plan.side === 'server' ? openedAtServer : openedByClient)(run, plan, log, name)
}

async function openedAtServer({ ports }, { extension, isSlow, joins, isAhead }, log, name) {
  const port = extension ? ports.deflate : ports.plain
  const target = `/?name=${name}${isSlow ? '&slow' : ''}${joins ? '&hub' : ''}`
  let head = ''
  let fault
  const take = (bytes) => {
    if (head.endsWith('\r\n\r\n')) return log.push(bytes)
    const before = head.length
    const text = head + bytes.toString('latin1')
    const end = text.indexOf('\r\n\r\n') + 4
    head = end < 4 ? text : text.slice(0, end)
    if (end < 4) return
    fault = faultOfAnswer(head)
    if (/\r\nsec-websocket-extensions: permessage-deflate/i.test(head)) log.inflates()
    log.push(bytes.subarray(end - before))
  }
  const peer = await Peer.connect(port, false, take)
  await peer.write(Buffer.from(askedFor(target, extension)))
  if (!isAhead) await peer.until(() => head.endsWith('\r\n\r\n'), 'the handshake')
  if (fault) throw new Failure('handshake', fault)
  return peer
}

async function openedByClient({ child, clients }, { extension, isSlow, isAhead }, log, name) {
  const opening = child.ask('open', clients.urlOf(name), name, isSlow, extension !== undefined)
  opening.catch(() => {})
  const { socket, key, head } = await clients.next(name)
  if (extension) {
    if (!/permessage-deflate/.test(head)) throw new Failure('handshake', 'compression is not offered')
    log.inflates()
  }
  const peer = new Peer(socket, false, (bytes) => log.push(bytes))
  await peer.write(Buffer.from(answered(key, extension)))
  if (!isAhead) {
    const outcome = await opening
    if (outcome !== 'open') throw new Failure('handshake', `it was not opened: ${outcome}`)
  }
  return peer
}

/** Shakes hands in a wrong way. @throws Failure where it is not refused as it must be */
export async function demandRefusal(run, plan) {
  const { side, wrong, index } = plan
  const outcome =
    side === 'server' ? await refusalOf(run, wrong, index) : await openedBy(run, wrong, `${index}`)
  if (outcome !== wrong[1]) throw new Failure('handshake', `${outcome} instead of ${wrong[1]} to ${wrong[0]}`)
}

async function refusalOf({ ports }, wrong, index) {
  let text = ''
  const peer = await Peer.connect(ports.plain, false, (bytes) => {
    text += bytes.toString('latin1')
  })
  await peer.write(Buffer.from(wronglyAskedFor(`/?name=${index}`, wrong)))
  await peer.until(() => text.includes('\r\n\r\n'), 'a refusal')
  peer.destroy()
  return Number(text.split(' ')[1])
}

async function openedBy({ child, clients }, [write], name) {
  const opening = child.ask('open', clients.urlOf(name), name, false, false)
  const { socket, key } = await clients.next(name)
  socket.end(write(key))
  const outcome = await opening
  socket.destroy()
  await child.ask('forget', name)
  return outcome
}
