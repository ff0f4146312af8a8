// HTTP-date (RFC 9110 §5.6.7): the form that is sent, and the two that were once.
const FORM =
  /^(?:\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT|\w{6,9}, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d GMT|(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}))$/

/** Milliseconds since 1970; NaN for what is no date. */
export function parseHttpDate(text: string): number {
  const form = FORM.exec(text)
  return form ? Date.parse(form[1] ? `${text} GMT` : text) : Number.NaN
}
