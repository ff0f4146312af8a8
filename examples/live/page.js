// Draws what the server says of itself. The load is made right here: a few requests at a time, each as soon as one is
// answered, for as long as the button is down.

import { lineChart } from '/charts/line-chart.js'
import { bytes, milliseconds, whole } from '/charts/units.js'

const span = 120 // seconds
const requestsAtOnce = 4 // browsers open six connections, and the page needs some itself

const byId = (id) => document.getElementById(id)
const [load, block, compute, state] = ['load', 'block', 'compute', 'state'].map(byId)

// One for each figure: how it writes and steps, and its lines: what they are called in a sample, here, and their colour.
const descriptions = {
  requests: {
    title: 'Requests a second',
    least: 10,
    unit: whole,
    lines: [['requests', 'answered', '--blue']],
  },
  latency: {
    title: 'Latency',
    unit: milliseconds,
    isWide: true,
    lines: [
      ['p50', 'median', '--blue'],
      ['p99', '99 of 100', '--ochre'],
    ],
  },
  bytes: {
    title: 'Bytes a second',
    least: 1024,
    unit: bytes,
    lines: [
      ['bytesIn', 'in', '--blue'],
      ['bytesOut', 'out', '--green'],
    ],
  },
  loop: {
    title: 'Event loop delay',
    least: 10,
    unit: milliseconds,
    lines: [['loopDelay', 'longest', '--red']],
  },
  connections: {
    title: 'Open',
    least: 4,
    unit: whole,
    lines: [
      ['connections', 'connections', '--blue'],
      ['websockets', 'WebSockets', '--green'],
      ['channels', 'other channels', '--ochre'],
    ],
  },
}

const charts = Object.entries(descriptions).map(([id, { unit, lines, ...rest }]) => ({
  names: lines.map(([name]) => name),
  show: lineChart(byId(id), {
    ...rest,
    ...unit,
    span,
    lines: lines.map(([, label, colour]) => ({ label, colour })),
  }),
}))

let samples = []
let socket

function draw() {
  const times = samples.map(({ at }) => at)
  for (const { names, show } of charts) show([times, ...names.map((name) => samples.map((one) => one[name]))])
}

function connect() {
  socket = new WebSocket(`${location.origin.replace('http', 'ws')}/live/feed`)
  socket.onopen = () => {
    samples = [] // they come again
    say('Connected')
  }
  socket.onmessage = ({ data }) => {
    samples.push(
      ...data
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    )
    samples = samples.slice(-span)
    draw()
  }
  socket.onclose = () => {
    say('The server is away')
    setTimeout(connect, 1000)
  }
}

function say(text) {
  if (state.textContent !== text) state.textContent = text
}

let isLoading = false
load.onclick = () => {
  isLoading = !isLoading
  load.setAttribute('aria-pressed', isLoading)
  load.textContent = isLoading ? 'Enough' : 'Make load'
  if (isLoading) for (let n = 0; n < requestsAtOnce; n++) ask()
}

async function ask() {
  while (isLoading) {
    try {
      await (await fetch('/hello', { cache: 'no-store' })).text()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

block.onclick = () => fetch('/live/block', { method: 'POST' }).catch(() => {})

// Takes longer, and delays nobody.
compute.onclick = async () => {
  compute.disabled = true
  say('A thread is counting primes…')
  try {
    say(await (await fetch('/primes?upto=50000000', { cache: 'no-store' })).text())
  } catch {
    say('The server is away')
  }
  compute.disabled = false
}

// A page that is kept for the Back button would keep its connections.
window.onpagehide = () => {
  isLoading = false
  socket.close()
}

connect()
