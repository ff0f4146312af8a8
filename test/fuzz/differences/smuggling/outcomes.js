// The words the families are written in: requests, the payloads made of them, and what can become of a payload.
//
// An outcome is what the server does, in words and as data:
//   requests   what the handler sees of the payload, whole, each as `METHOD host target "body"`
//   statuses   of the answers to the payload, in their order
//   refusal    the rule's code, where the server refuses it
//   next       whether the request behind the payload is served
//   held       the outcome where no byte of the body comes before its answer, if that is another
//   part       the outcome where some of it does
//   isSilent   the connection ends although no answer has said so
//   becomes    'websocket' where the connection is one from here on

const post = (fields, body = '') => head('POST / HTTP/1.1', fields) + body
const get = (fields, body = '') => head('GET / HTTP/1.1', fields) + body

/** A request's head. */
export function head(line, fields = '') {
  return `${line}\r\nHost: example.com\r\n${fields && `${fields}\r\n`}\r\n`
}

export { get, post }

/** What the payloads' authors want served. */
export const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n'
/** As the handler sees it. */
export const smuggledSeen = 'GET example.com/smuggled'

/** Refused by this rule, `400 BARE_LF`: nothing behind it is read. `requests` were served before. */
export function refused(rule, ...requests) {
  const [status, code] = rule.split(' ')
  const before = requests.length === 0 ? '' : `serves ${requests.length}, `
  const statuses = [...requests.map(() => 200), Number(status)]
  return {
    does: `${before}refuses ${requests.length === 0 ? 'it' : 'the rest'}: ${rule}, and closes`,
    expected: { requests, statuses, refusal: code, next: false },
  }
}

/** Refused with 400 by the rule of this code. */
export function faulty(code, ...requests) {
  return refused(`400 ${code}`, ...requests)
}

/** Read as these requests and no others; what stands behind is served. */
export function served(does, ...requests) {
  return { does, expected: { requests, statuses: requests.map(() => 200), next: true } }
}

/** The same, but the connection ends. */
export function servedLast(does, ...requests) {
  return { does, expected: { requests, statuses: requests.map(() => 200), next: false } }
}

/** Ends although no answer has said so. */
export function silently(outcome) {
  return { ...outcome, expected: { ...outcome.expected, isSilent: true } }
}

/** Answered with other statuses than 200. */
export function answered(outcome, ...statuses) {
  return { ...outcome, expected: { ...outcome.expected, statuses } }
}

/** Another outcome where no byte of the body comes before the answer, or only some. */
export function heldBack(outcome, held, part = outcome) {
  return { ...outcome, expected: { ...outcome.expected, held: held.expected, part: part.expected } }
}

export function payload(name, bytes, outcome, why) {
  return { name, bytes, ...outcome, ...(why && { why }) }
}

/** Payloads that differ in one piece of text; a row is its name, the text, and an outcome where it has its own. */
export function each(bytesOf, outcome, rows, why) {
  return rows.map(([name, text, own = outcome]) => payload(name, bytesOf(text), own, why))
}

/** @param why the reason of each payload that has none of its own */
export function family(name, source, why, ...payloads) {
  return { family: name, source, why, payloads: payloads.flat().map((one) => ({ why, ...one })) }
}
