// Shows bytes as tiles, coloured by what they were found to be, and the record as a table; a row's tiles light up with it.
// Whatever was read becomes text, never markup.

import { hexOf, pictureOf } from './bytes.js'

const maxTiles = 1024
const maxText = 400 // characters of one value

/** @param rows as readers describe them; @param wrong offset of the byte at which reading stopped, if any */
export function showTiles(tiles, bytes, { rows, length, wrong, arrived }) {
  const colours = new Map()
  for (const [start, end, colour] of rows.flatMap(({ spans = [] }) => spans)) {
    for (let at = start; at < end; at++) colours.set(at, colour)
  }
  const shown = Array.from(bytes.subarray(0, maxTiles), (byte, at) => {
    const tile = element('span', 'tile', element('b', '', pictureOf(byte)), element('i', '', hexOf(byte)))
    if (at === wrong) tile.classList.add('wrong-byte')
    else if (at >= arrived) tile.classList.add('absent')
    else if (at >= length) tile.classList.add('after')
    else tile.classList.add(colours.get(at) ?? (rows.length > 0 ? 'rest' : 'unknown'))
    return tile
  })
  if (bytes.length > maxTiles) shown.push(element('span', 'quiet', `… and ${bytes.length - maxTiles} more`))
  tiles.replaceChildren(...shown)
  tiles.setAttribute('aria-label', `${bytes.length} bytes, coloured by the fields of the record below`)
}

export function showRecord(table, rows, tiles) {
  const lit = (row, isLit) => {
    for (let at = row.start; at < row.end; at++) tiles.children[at]?.classList.toggle('lit', isLit)
  }
  table.hidden = rows.length === 0
  table.tBodies[0].replaceChildren(
    ...rows.map((row) => {
      const line = element('tr', '', heading(row.field), element('td', '', cut(row.value)), element('td', ''))
      if (row.start === undefined) return line
      const where = element(
        'button',
        '',
        row.start < row.end - 1 ? `${row.start}–${row.end - 1}` : `${row.start}`,
      )
      where.type = 'button'
      where.setAttribute('aria-label', `${row.field}, from byte ${row.start} to ${row.end}`)
      line.lastChild.append(where)
      for (const event of ['mouseenter', 'focusin']) line.addEventListener(event, () => lit(row, true))
      for (const event of ['mouseleave', 'focusout']) line.addEventListener(event, () => lit(row, false))
      return line
    }),
  )
}

/** @param verdicts name → `{ state, count, last }`; @param onShow called with the bytes of the one whose button is pressed */
export function showVerdicts(table, verdicts, onShow) {
  table.hidden = false
  const body = table.tBodies[0]
  for (const [name, verdict] of verdicts) {
    let line = Array.from(body.rows).find(({ cells }) => cells[0].textContent === name)
    if (!line) {
      const button = element('button', '', 'Look at it')
      button.type = 'button'
      button.setAttribute('aria-label', `Look at the last ${name}`)
      line = element('tr', verdict.state, heading(name), element('td', 'number'), element('td', '', button))
      body.append(line)
    }
    line.cells[1].textContent = verdict.count.toLocaleString('en')
    line.cells[2].firstChild.onclick = () => onShow(verdict.last)
  }
}

function heading(text) {
  const cell = element('th', '', cut(text))
  cell.scope = 'row'
  return cell
}

const cut = (text) => (text.length > maxText ? `${text.slice(0, maxText)}…` : text)

function element(tag, className, ...content) {
  const made = Object.assign(document.createElement(tag), { className })
  made.append(...content)
  return made
}
