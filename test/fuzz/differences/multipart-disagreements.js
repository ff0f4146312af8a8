// Where a form is not read as busboy reads it. A disagreement is about one thing: how the body is cut into parts; a part that
// they do not have; its name, filename, type, data or text; or the whole, which one accepts and the other refuses.
//
// Where they stumble over how a body is cut, it is given to them once more without that, and of this both must make the same.
// A type is compared without its parameters, which they do not tell.
import { decoderOrUtf8, parameterOf } from '../../../build/modules/core/media-type.js'
import { readWithBusboy } from '../peers/busboy.js'
import { DATA, FILENAME, HAS_ENDED, NAME, NONE, PART_SIZE, TYPE } from '../transcripts/multipart.js'
import { isMediaType } from './multipart-heads.js'
import { plainBody, spansIn } from './multipart-spans.js'

// What a disagreement may be about, besides 'name', 'filename', 'type', 'data' and 'text'.
export const PADDING = 'padding'
export const SHARED_LINE_END = 'shared line end'
export const EPILOGUE = 'epilogue'
export const PART = 'part'
export const WHOLE = 'whole'

export const LOST = 'lost'
export const ACCEPTED = 'accepted'

class Disagreement {
  /**
   * @param about one of the above
   * @param ours, theirs what either says; of the whole ACCEPTED, or an error
   * @param span of the part, or of that at which we have stopped; undefined where there is none
   * @param alone what they make of this part alone, or undefined where they lose it
   * @param isBroken we have stopped at a boundary behind which something else stands
   */
  constructor(about, { ours, theirs, span, alone, way, isBroken = false }) {
    this.about = about
    this.ours = ours
    this.theirs = theirs
    this.head = span?.head ?? ''
    this.data = span?.data ?? ''
    this.alone = alone
    this.isOpen = span?.isOpen ?? false
    this.isBroken = isBroken
    this.way = way
  }

  /** We refuse the head of a part, and they accept the whole. */
  get isBadHead() {
    return this.about === WHOLE && this.ours === 'BAD_PART_HEAD'
  }

  toString() {
    return `${this.about}: ${JSON.stringify(this.ours)}, not ${JSON.stringify(this.theirs)}`
  }
}

/** @param bytes a Buffer */
export function disagreements(bytes, transcript, way) {
  const form = readWithBusboy(bytes, way.boundary)
  if (isSame(form, transcript)) return []
  const body = bytes.latin1Slice()
  const spans = spansIn(body, way.boundary)
  const aboutCuts = Array.from(cutDisagreements(body, spans, way))
  if (aboutCuts.length === 0) return partsDisagreements(form, transcript, spans, way)
  const again = readWithBusboy(Buffer.from(plainBody(body, spans), 'latin1'), way.boundary)
  return [...aboutCuts, ...partsDisagreements(again, transcript, spans, way)]
}

// Most bodies: both refuse, or both have read the same.
function isSame(form, transcript) {
  const isWhole = transcript.at(-1) === 'end'
  if (isWhole !== isAccepted(form)) return false
  if (!isWhole && transcript.length === 1) return true
  if (form.parts.length * PART_SIZE !== transcript.length - 1) return false
  return form.parts.every((part, index) => {
    const at = index * PART_SIZE
    return transcript[at + HAS_ENDED] === 1 && partDisagreements(transcript, at, part).next().done
  })
}

function isAccepted(form) {
  return form.isWhole && form.error === undefined
}

function* cutDisagreements(body, { parts, end }, way) {
  if (parts.some(({ padding }) => padding !== '')) yield new Disagreement(PADDING, { way })
  if (parts.some(({ isShared }) => isShared)) yield new Disagreement(SHARED_LINE_END, { way })
  if (end !== undefined && body.includes(`\r\n--${way.boundary}`, end))
    yield new Disagreement(EPILOGUE, { way })
}

function* partsDisagreements(form, transcript, spans, way) {
  let index = 0
  let next = 0
  for (let at = 0; at < transcript.length - 1; at += PART_SIZE, index++) {
    const span = spans.parts[index]
    const alone = aloneOf(span)
    const ours = transcript[at + NAME]
    if (alone === undefined) {
      yield new Disagreement(PART, { ours, theirs: LOST, span, way })
      continue
    }
    const part = form.parts[next++]
    if (part === undefined) {
      if (!isUntold(transcript, at, alone))
        yield new Disagreement(PART, { ours, theirs: undefined, span, alone, way })
      continue
    }
    for (const [about, ours, theirs] of partDisagreements(transcript, at, part)) {
      yield new Disagreement(about, { ours, theirs, span, alone, way })
    }
  }
  const ours = transcript.at(-1) === 'end' ? ACCEPTED : transcript.at(-1)
  const theirs = isAccepted(form) ? ACCEPTED : (form.error ?? 'not whole')
  const isAlike = (ours === ACCEPTED) === (theirs === ACCEPTED)
  if (isAlike && (ours !== ACCEPTED || form.parts.length === next)) return
  const span = spans.parts[index]
  const isBroken = spans.isBroken && spans.parts.length === index
  yield new Disagreement(WHOLE, { ours, theirs, span, alone: span && aloneOf(span), way, isBroken })
}

// What they make of the part, where no other is near it.
function aloneOf({ head, data }) {
  const boundary = 'stands-nowhere-else'
  const body = `--${boundary}\r\n${head}\r\n${data}\r\n--${boundary}--`
  return readWithBusboy(Buffer.from(body, 'latin1'), boundary).parts[0]
}

// They tell of a field at its end, and of a file when it is clear that no delimiter follows its head.
function isUntold(transcript, at, { isFile }) {
  return transcript[at + HAS_ENDED] === 0 && (!isFile || transcript[at + DATA] === '')
}

function* partDisagreements(transcript, at, part) {
  const name = transcript[at + NAME]
  const filename = transcript[at + FILENAME] === NONE ? undefined : transcript[at + FILENAME]
  const type = transcript[at + TYPE]
  if (name !== part.name) yield ['name', name, part.name]
  if (filename !== part.filename) yield ['filename', filename, part.filename]
  if (essenceOf(type) !== part.type) yield ['type', type, part.type]
  yield* contentDisagreements(transcript[at + DATA], type, part)
}

function essenceOf(type) {
  const semicolon = type.indexOf(';')
  return (semicolon < 0 ? type : type.slice(0, semicolon).trimEnd()).toLowerCase()
}

// They have decoded a field whose type they understand and has a charset; we do where its text is asked for.
function* contentDisagreements(data, type, part) {
  const charset = part.isFile ? undefined : parameterOf(type, 'charset')
  if (charset === undefined || part.data === undefined) {
    if (data !== part.data) yield ['data', data, part.data]
    return
  }
  const text = decoderOrUtf8(charset)(Buffer.from(data, 'latin1'))
  const theirs = isMediaType(type) ? part.data : Buffer.from(part.data, 'latin1').utf8Slice()
  if (text !== theirs) yield ['text', text, theirs]
}
