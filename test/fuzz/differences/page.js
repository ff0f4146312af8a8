// test/conformance/differences.md, made of the rows that the fuzzer explains disagreements by: what is written there is what
// is checked.
import { toLine } from '../engine/escaped.js'
import { chapters } from './chapters.js'
import { answerFamilies, families, requestFamilies } from './smuggling.js'

const intro = `# Where others read otherwise

The fuzzer (\`npm run fuzz\`, [test/fuzz](../fuzz)) has every input read by other parsers, too. Where they disagree with this one, it is a fault of ours or one of the rows below: each is an example that a test reads with everybody, and the narrow condition under which the fuzzer lets it pass. Nothing else does. In the examples, \`\\r\` and \`\\n\` are bytes, and where a codec is read in several ways (under small limits, by a client, in answer to HEAD), the first letter picks one.

This page is written by \`node test/fuzz/differences/write.js\`.
`

const smugglingIntro = `# Request smuggling

What has set two parties against each other about where a message ends: for each payload that is known, what this server does, and why no front end can be desynchronised by it. Each is sent over a socket by [test/server/smuggling.test.ts](../server/smuggling.test.ts), whole, byte by byte and cut at every line end, between two good requests, and through nginx and haproxy ([test/peers](../peers)). The bytes stand in [test/fuzz/differences/smuggling](../fuzz/differences/smuggling).
`

const clientIntro = `# Request smuggling, the client's end

Answers that a client must not take for another's, and requests that must not leave it ([test/client/smuggling.test.ts](../client/smuggling.test.ts)).
`

export function differencesPage() {
  const server = families.map((family) => familyOf(family, 'this server'))
  const client = [...answerFamilies, ...requestFamilies].map((family) => familyOf(family, 'this client'))
  return [intro, ...chapters.map(chapterOf), smugglingIntro, ...server, clientIntro, ...client].join('\n')
}

function chapterOf({ title, peers, differences }) {
  const others = differences.length === 0 ? 'There is no difference.' : ''
  const lines = differences.length === 0 ? [] : rowsOf(differences)
  return [`# ${title}`, '', `Read by ${peers}. ${others}`.trim(), '', ...lines].join('\n')
}

function rowsOf(differences) {
  const rows = differences.map(({ name, peers, example, we, they, source, why }) =>
    row([`${code(name)}<br>${peers.join(', ')}`, codeOf(example), we, they, `${source}: ${why}`]),
  )
  return [row(['', 'example', 'we', 'they', 'why']), row(['---', '---', '---', '---', '---']), ...rows, '']
}

// Payloads that come to the same stand in one row.
function familyOf({ family, source, why, payloads }, who) {
  const alike = new Map()
  for (const { name, does, why: own } of payloads) {
    const outcome = own === why ? does : `${does}: ${own}`
    alike.set(outcome, [...(alike.get(outcome) ?? []), name])
  }
  const rows = Array.from(alike, ([outcome, names]) => row([names.join('; '), outcome]))
  const head = [row(['payloads', who]), row(['---', '---'])]
  return [`## ${family}`, '', `${source}: ${why}.`, '', ...head, ...rows, ''].join('\n')
}

function row(cells) {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const LONGEST = 200

function codeOf(example) {
  const line = toLine(Buffer.from(example, 'latin1'))
  return code(line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line)
}

// A text with a backtick in it stands between two of them.
function code(text) {
  if (text === '') return ''
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}
