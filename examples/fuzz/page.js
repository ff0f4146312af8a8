// Reads what is typed with the core, at every key, and shows the verdict, the bytes and the record. Behind a head more may
// follow; in front of the slider's end, bytes have not arrived yet.

import { bytesOfHex, bytesOfText, textOfBytes, textOfHex } from './bytes.js'
import { mutate } from './mutate.js'
import { dribble, readers } from './readers.js'
import { samples } from './samples.js'
import { showRecord, showTiles, showVerdicts } from './view.js'

const byId = (id) => document.getElementById(id)
const [input, sample, notation, field, complaint] = ['input', 'sample', 'notation', 'bytes', 'complaint'].map(
  byId,
)
const [arrived, count, verdict, why, dribbled] = ['arrived', 'count', 'verdict', 'why', 'dribble'].map(byId)
const [tiles, record, spoken, button, rate] = ['tiles', 'record', 'spoken', 'mutate', 'rate'].map(byId)

const hints = {
  text: 'Escapes are \\r \\n \\t \\0 \\\\ and \\x00 to \\xff. A line break that you type is for the eye only.',
  hex: 'Two digits a byte; white space does not count.',
}
const maxDribble = 4096 // bytes tried one by one: longer ones would keep you waiting

let bytes = new Uint8Array()
let readings = 0 // begun, so that a late one is known

const kind = () => input.elements.kind.value

function takeInput() {
  try {
    bytes = (notation.value === 'hex' ? bytesOfHex : bytesOfText)(field.value)
    complain('')
  } catch (error) {
    return complain(error.message)
  }
  arrived.max = bytes.length
  arrived.value = bytes.length
  remember()
  return read()
}

function complain(text) {
  complaint.textContent = text
  field.setAttribute('aria-invalid', text !== '')
}

async function read() {
  const reader = readers[kind()]
  const reading = ++readings
  const length = Number(arrived.value)
  const here = bytes.subarray(0, length)
  count.value =
    length === bytes.length ? `${length} bytes, all of them` : `${length} of ${bytes.length} bytes`
  const result = await reader.judge(here)
  if (reading !== readings) return
  const { state, value, error } = result
  const rows = value === undefined ? [] : reader.describe(value, here)
  const wrong = error && (error.offset ?? result.offset)
  const end =
    state === 'refused'
      ? (wrong ?? length)
      : state === 'accepted'
        ? (reader.endOf?.(value) ?? length)
        : length
  showVerdict(reader, result, wrong, length - end)
  showTiles(tiles, bytes, { rows, wrong, arrived: length, length: end })
  showRecord(record, rows, tiles)
  if (reader.endOf && length <= maxDribble) dribbled.textContent = told(dribble(reader, here), result)
  else dribbled.textContent = ''
  speak()
}

function showVerdict(reader, { state, value, error }, wrong, rest) {
  verdict.className = state
  if (state === 'accepted') {
    verdict.textContent = reader.summary(value)
    why.textContent =
      rest > 0 ? `Behind it ${rest === 1 ? 'is one byte' : `are ${rest} bytes`} more, not looked at.` : ''
  } else if (state === 'incomplete') {
    verdict.textContent = 'Incomplete'
    why.textContent = 'So far nothing is wrong. The reader waits for more.'
  } else {
    verdict.textContent = wrong === undefined ? error.code : `${error.code} at byte ${wrong}`
    const answer = error.status
      ? `is answered with status ${error.status}`
      : `closes with code ${error.closeCode}`
    why.textContent = `Refused: ${error.message}. That ${answer}.`
  }
}

function told(first, whole) {
  if (!first) return 'Byte by byte it is incomplete as well, all the way.'
  const isSame = first.verdict.state === whole.state && first.verdict.error?.code === whole.error?.code
  const what = isSame
    ? 'the reader knows'
    : `the reader says ${first.verdict.error?.code ?? first.verdict.state}`
  return `Fed byte by byte, ${what} after byte ${first.length}.`
}

// Those who listen are told when there is a pause, not at every key.
let pause
function speak() {
  clearTimeout(pause)
  pause = setTimeout(() => {
    spoken.textContent = `${verdict.textContent}. ${why.textContent}`
  }, 800)
}

// The address has the bytes, to be shared or found again.
let remembering
function remember() {
  clearTimeout(remembering)
  remembering = setTimeout(() => {
    if (bytes.length < 2000)
      history.replaceState(null, '', `#${kind()}=${encodeURIComponent(textOfBytes(bytes))}`)
  }, 400)
}

function write(newBytes) {
  bytes = newBytes
  field.value = (notation.value === 'hex' ? textOfHex : textOfBytes)(bytes)
}

function chooseKind() {
  stop()
  byId('verdicts').hidden = true
  byId('verdicts').tBodies[0].replaceChildren()
  if ((kind() === 'frames') !== (notation.value === 'hex')) {
    notation.value = kind() === 'frames' ? 'hex' : 'text'
    chooseNotation()
  }
  sample.replaceChildren(...samples[kind()].map(([name], n) => new Option(name, n)))
  startFromSample()
}

function startFromSample() {
  write(bytesOfText(samples[kind()][sample.value][1]))
  takeInput()
}

function chooseNotation() {
  byId('hint').textContent = hints[notation.value]
  write(bytes)
  complain('')
}

let running
function stop() {
  running?.abort()
  running = undefined
  button.textContent = 'Flip'
  button.setAttribute('aria-pressed', 'false')
}

button.onclick = () => {
  if (running) return stop()
  running = new AbortController()
  button.textContent = 'Stop'
  button.setAttribute('aria-pressed', 'true')
  byId('verdicts').tBodies[0].replaceChildren()
  mutate(readers[kind()], bytes.slice(), running.signal, (readings, time, verdicts) => {
    const all = [...verdicts.values()]
    const share = all.reduce((sum, { count }) => sum + count, 0) / 100
    const accepted = (verdicts.get('accepted')?.count ?? 0) / share
    const perSecond = Math.round((readings / time) * 1000).toLocaleString('en')
    rate.textContent = `${perSecond} readings a second, ${accepted.toFixed(1)} % accepted`
    showVerdicts(byId('verdicts'), verdicts, lookAt)
  })
}

function lookAt(mutant) {
  stop()
  write(mutant)
  takeInput()
  field.focus()
}

input.onsubmit = (event) => event.preventDefault()
field.oninput = takeInput
arrived.oninput = read
sample.onchange = startFromSample
notation.onchange = chooseNotation
byId('kinds').onchange = chooseKind

const [, wanted, shared] = /^#(\w+)=(.*)/.exec(location.hash) ?? []
if (wanted in readers) input.elements.kind.value = wanted
chooseNotation()
chooseKind()
if (wanted in readers) {
  write(bytesOfText(decodeURIComponent(shared)))
  takeInput()
}
