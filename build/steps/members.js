// Of a statement that tsc has written: what its comment says, and the members between its braces.

const COMMENT = /^\/\*\*([\s\S]*?)\*\/\n?/
const TAG = /(?:^|\s)@(param|returns|throws)\s+/
const DEFAULT = /\s*[(;] ?default:? (`[^`]+`|[^()]+)\)|(?:^|\s)Default:? ([^.]+)\./
const UNIT = /^(?:milliseconds|bytes)\b/i
const PRIVATE = /^(?:private|static) |@internal/

/** Takes the comment above some code apart: `{ text, params, returns, throws, code }`. */
export function commented(statement) {
  const [whole, inside] = COMMENT.exec(statement) ?? ['', '']
  const words = inside.replace(/^\s*\* ?/gm, '').trim()
  const [text, ...tags] = words.split(TAG)
  const said = {
    text: flowing(text),
    params: [],
    returns: '',
    throws: '',
    code: statement.slice(whole.length),
  }
  for (let index = 0; index < tags.length; index += 2) {
    const told = flowing(tags[index + 1])
    if (tags[index] === 'param') said.params.push(/^(\S+) ?([\s\S]*)/.exec(told).slice(1))
    else said[tags[index]] = told
  }
  return said
}

// Lines that belong together are one; an empty one parts paragraphs, and an item of a list begins one of its own.
const flowing = (text) =>
  text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replace(/\s*\n\s*(?!\s|- )/g, ' '))
    .join('\n\n')

/** @returns the members of an interface or a class: `{ name, type, isMethod, text, default, unit, … }`, but private ones */
export function membersOf(code) {
  const body = code.slice(code.indexOf('{\n') + 2, code.lastIndexOf('}'))
  return pieces(body)
    .map((piece) => commented(piece.replace(/^ {4}/gm, '')))
    .filter(({ code, text }) => !PRIVATE.test(code) && !PRIVATE.test(text))
    .map(member)
}

// A member ends with the line on which its own braces are closed.
function pieces(body) {
  const found = ['']
  for (const line of body.split('\n')) {
    found.push(`${found.pop()}${line}\n`)
    const code = found.at(-1).replace(/\/\*[\s\S]*?\*\//g, '')
    const isWhole = code.split(/[{(]/).length === code.split(/[)}]/).length
    if (isWhole && /;\s*$/.test(code)) found.push('')
  }
  return found.filter((piece) => piece.trim() !== '')
}

function member(said) {
  const code = said.code.trim().replace(/;$/, '')
  const [, name = '', type = ''] =
    /^(?:readonly |get )?(\w+\??)(?:\(\))?(?:: | = )([\s\S]*)$/.exec(code) ?? []
  const isMethod = type === '' || (/^\w+\??[(<]/.test(code) && !code.startsWith('get '))
  const plain = name.endsWith('?') ? type.replace(/ \| undefined$/, '') : type
  return isMethod
    ? { ...said, code, isMethod }
    : { ...said, code, name, type: plain, ...settingOf(said.text, type) }
}

// What is said of a property's default stands apart from the rest, and so does the unit of a number.
function settingOf(said, type) {
  const [whole, bracketed, first = bracketed] = DEFAULT.exec(said) ?? []
  const [value, ...more] = /^\w.*, |^'[^']*', /.test(bracketed) ? first.split(', ') : [first]
  const rest = whole?.trim().startsWith(';') ? ')' : more.length > 0 ? ` (${more.join(', ')})` : ''
  const [unit] = (type.includes('number') && UNIT.exec(said)) || ['']
  return {
    text: whole ? said.replace(whole, rest).trim() : said,
    default: value,
    unit: unit.toLowerCase().replace('milliseconds', 'ms'),
  }
}
