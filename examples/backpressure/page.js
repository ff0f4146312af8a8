// Sends made-up bytes by XMLHttpRequest, for fetch does not tell how far it is, and draws what both sides say: the browser
// what it has sent, the server, over a WebSocket, what it has read.

import { lineChart } from '/charts/line-chart.js'
import { bytes } from '/charts/units.js'

const MiB = 1024 * 1024
const maxPoints = 3000

const byId = (id) => document.getElementById(id)
const [controls, size, send, pause, abort, speed] = [
  'controls',
  'size',
  'send',
  'pause',
  'abort',
  'speed',
].map(byId)
const [state, sentBar, readBar, onTheWay, hash, ownHash] = [
  ...['state', 'sent', 'read', 'on-the-way', 'hash', 'own-hash'].map(byId),
]

const draw = lineChart(byId('chart'), {
  title: 'So far',
  lines: [
    { label: 'sent', colour: '--blue' },
    { label: 'read', colour: '--green' },
    { label: 'the server’s memory', colour: '--ochre' },
  ],
  least: 16 * MiB,
  ...bytes,
})

let socket
let id // of this page's channel, by which its upload is known
let upload // the request under way
let points // columns: seconds, and bytes sent, read, and of the server's memory
let begun = 0
let total = 0
let sent = 0
let read = 0
let memory = 0

function connect() {
  socket = new WebSocket(`${location.origin.replace('http', 'ws')}/backpressure/channel`)
  socket.onopen = () => {
    socket.send(bytesPerSecond())
    pause.setAttribute('aria-pressed', 'false')
    if (!upload) say('Ready')
  }
  socket.onmessage = ({ data }) => report(JSON.parse(data))
  socket.onclose = () => {
    id = undefined
    allow()
    say('The server is away')
    setTimeout(connect, 1000)
  }
}

function report(news) {
  id = news.id
  allow()
  if (!upload) return
  read = news.read
  memory = news.memory
  addPoint()
  show()
}

function addPoint() {
  const point = [(performance.now() - begun) / 1000, sent, read, memory]
  for (const [n, column] of points.entries()) {
    column.push(point[n])
    if (column.length > maxPoints) column.shift()
  }
  draw(points)
}

function show() {
  for (const [bar, value] of [
    [sentBar, sent],
    [readBar, read],
  ]) {
    bar.value = total === 0 ? 0 : value / total
    byId(`${bar.id}-text`).textContent = bytes.format(value)
  }
  onTheWay.textContent = bytes.format(Math.max(0, sent - read))
}

function allow() {
  send.disabled = !id || upload !== undefined
  pause.disabled = !id
  abort.disabled = upload === undefined
}

function say(text) {
  if (state.textContent !== text) state.textContent = text
}

/** Different in each MiB, and quickly made. */
function madeUp(count) {
  const random = crypto.getRandomValues(new Uint32Array(16_384))
  return Array.from({ length: count }, (_, n) => {
    const piece = new Uint32Array(MiB / 4)
    for (let at = 0; at < piece.length; at += random.length) piece.set(random, at)
    piece[0] = n
    return piece
  })
}

controls.onsubmit = async (event) => {
  event.preventDefault()
  send.disabled = true
  say('Making up bytes…')
  const body = new Blob(madeUp(Number(size.value)))
  ownHash.textContent = await sha256(body)
  hash.textContent = '–'
  start(body)
}

function start(body) {
  total = body.size
  sent = read = 0
  begun = performance.now()
  points = [[], [], [], []]
  upload = new XMLHttpRequest()
  upload.open('PUT', `/backpressure/upload?id=${id}`)
  upload.responseType = 'json'
  upload.upload.onprogress = ({ loaded }) => {
    sent = loaded
    show()
  }
  upload.onload = () =>
    finish(upload.status === 200 ? 'Read to the end' : `Refused: ${upload.status}`, upload.response)
  upload.onerror = () => finish('The connection was lost')
  upload.onabort = () => finish('Given up')
  upload.send(body)
  say('Sending')
  allow()
}

function finish(text, answer) {
  upload = undefined
  if (answer) {
    read = answer.size
    hash.textContent = answer.sha256
    addPoint()
    show()
  }
  say(answer && answer.sha256 === ownHash.textContent ? `${text}, and nothing got lost` : text)
  allow()
}

async function sha256(blob) {
  if (!crypto.subtle) return 'not known: only https and localhost may ask'
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

pause.onclick = () => {
  const isPaused = pause.getAttribute('aria-pressed') !== 'true'
  pause.setAttribute('aria-pressed', isPaused)
  socket.send(isPaused ? 'pause' : 'go on')
}

abort.onclick = () => upload?.abort()

// In powers of two from 1 MiB a second; the last is none at all.
const isUnbounded = () => speed.value === speed.max
const bytesPerSecond = () => (isUnbounded() ? '0' : String(2 ** Number(speed.value) * MiB))

speed.oninput = () => {
  const text = isUnbounded() ? 'as fast as it can' : `${2 ** Number(speed.value)} MiB a second`
  byId('speed-text').value = text
  speed.setAttribute('aria-valuetext', text)
  if (socket?.readyState === WebSocket.OPEN) socket.send(bytesPerSecond())
}

// A page that is kept for the Back button would keep its connections.
window.onpagehide = () => {
  upload?.abort()
  socket.close()
}

speed.oninput()
show()
draw([[0], [0], [0], [null]])
connect()
