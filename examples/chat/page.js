// The chat's page: stays connected, by WebSocket where it can, and shows the news it is sent. Names and messages are
// anybody's words: they become text, never markup.

const [state, hub, present, log, join, say] = ['state', 'hub', 'present', 'log', 'join', 'say'].map((id) =>
  document.getElementById(id),
)
const mustPoll = new URLSearchParams(location.search).get('transport') === 'poll'
let isPolling = mustPoll
let socketsWork = false
let last = '0' // what the last news said of themselves
let failures = 0 // since we were last connected
let send // sends a message, while we are connected

async function stayConnected(name) {
  for (;;) {
    report('Connecting…')
    await (isPolling ? poll(name) : openSocket(name)).catch(() => {})
    send = undefined
    isPolling = mustPoll || !(socketsWork || isPolling) // something on the way may not let WebSockets through
    // Each time twice as long, and never all at the same time: a server that comes back is not run over.
    const delay = Math.min(500 * 2 ** failures++, 30_000) * (0.5 + Math.random() / 2)
    report(`Connection lost. Next try in ${Math.ceil(delay / 1000)} s`)
    await new Promise((resolve) => setTimeout(resolve, delay))
  }
}

// Both leave with their page: kept for the Back button, it would keep its name in the room.

/** Settles when the connection is lost. */
function openSocket(name) {
  return new Promise((resolve) => {
    const socket = new WebSocket(address(name).replace('http', 'ws'))
    socket.onopen = () => {
      socketsWork = true
      connected('WebSocket', (text) => socket.send(text))
    }
    socket.onmessage = ({ data }) => show(JSON.parse(data))
    socket.onclose = resolve
    window.onpagehide = () => socket.close()
  })
}

/** Rejects when the connection is lost. */
async function poll(name) {
  const leaving = new AbortController()
  window.onpagehide = () => leaving.abort()
  for (;;) {
    const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(60_000)])
    const answer = await fetch(address(name), { signal })
    if (!answer.ok) throw new Error(await answer.text())
    connected('long polling', (text) => post(name, text))
    show(await answer.json())
  }
}

async function post(name, text) {
  const answer = await fetch(address(name), { method: 'POST', body: text })
  if (!answer.ok) throw new Error(await answer.text())
}

const address = (name) => `${location.origin}/chat/room?${new URLSearchParams({ name, after: last })}`

function connected(transport, sender) {
  failures = 0
  send = sender
  report(`Connected by ${transport}`)
}

function report(text) {
  if (state.textContent !== text) state.textContent = text // said once to those who listen
}

function show(news) {
  const isAtEnd = scrollY + innerHeight > document.documentElement.scrollHeight - 50
  last = news.last
  showPlace(news)
  if (!news.isComplete && log.childElementCount > 0) log.append(gapLine())
  log.append(...news.messages.map(messageLine))
  while (log.childElementCount > 500) log.firstElementChild.remove()
  if (say.hidden) {
    say.hidden = false
    say.elements.text.focus()
  }
  if (isAtEnd) scrollTo(0, document.documentElement.scrollHeight)
}

/** Where we are: in one of the processes, each with who is in it. */
function showPlace({ here, hub: status, processes }) {
  const text = hubTexts[status](here)
  if (hub.textContent !== text) hub.textContent = text
  const names = Object.keys(processes).sort()
  present.replaceChildren(
    ...names.flatMap((process) => {
      const list = element('ul', '')
      list.append(...processes[process].map((name) => element('li', name)))
      if (names.length === 1) return [list]
      const label = element('p', process === here ? `Process ${process}, yours` : `Process ${process}`)
      return [label, list]
    }),
  )
}

const hubTexts = {
  local: (here) => `One process, ${here}, keeps the room`,
  connecting: (here) => `Process ${here} is looking for Redis`,
  connected: (here) => `You are in process ${here}; Redis joins it to the others`,
  disconnected: (here) => `Redis is away: until it is back, only those in process ${here} hear you`,
  closed: () => '',
}

function gapLine() {
  return Object.assign(element('p', 'Something was said here that nobody remembers'), { className: 'gap' })
}

function messageLine({ name, text, at }) {
  const line = element('p', '')
  const clock = new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  line.append(element('time', clock), ' ', element('b', name), ' ', element('span', text))
  return line
}

function element(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text, dir: 'auto' })
}

join.onsubmit = (event) => {
  event.preventDefault()
  join.hidden = true
  stayConnected(join.elements.name.value)
}

say.onsubmit = async (event) => {
  event.preventDefault()
  const field = say.elements.text
  const text = field.value
  if (!send || text.trim() === '') return // what cannot be sent stays
  field.value = ''
  try {
    await send(text)
  } catch {
    field.value = text + field.value
  }
}
