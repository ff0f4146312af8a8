// What each subject asks of a competitor's function: how it is repeated, and how it is held to the right result before
// it is measured. Everyone runs in the same loops.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { contentType, pairsOf, smallFields } from './inputs.js'

/** A query into a map of name to value, or to values where a name is repeated. */
export function parse(parse, { maps, texts }) {
  const verify = () => {
    for (const [n, text] of texts.entries())
      assert.deepEqual(Object.entries(parse(text)), Object.entries(maps[n]))
  }
  return { verify, repeat: repeater(parse, texts) }
}

/**
 * The other way; codecs escape more or less than each other, so the text is read again for the comparison. A character of
 * it is asked for: what was put together from pieces is joined only then, as whoever sends it would have to.
 */
export function encode(encode, { maps }) {
  const verify = () => {
    for (const map of maps) assert.deepEqual([...new URLSearchParams(encode(map))], pairsOf(map))
  }
  return { verify, repeat: repeater((map) => encode(map).charCodeAt(0), maps) }
}

function repeater(code, inputs) {
  let result
  return (times) => {
    for (let i = 0; i < times; i++) result = code(inputs[i % inputs.length])
    return result
  }
}

/** Name and text of every field. */
export function multipartFields(readFields, { makeBody }) {
  const verify = async () => {
    const found = []
    await readFields(makeBody(), contentType, (name, text) => found.push([name, text]))
    assert.deepEqual(found, smallFields)
  }
  const repeat = async (times) => {
    let count = 0
    for (let i = 0; i < times; i++) {
      await readFields(makeBody(), contentType, (name, text) => {
        if (name !== '' && text !== '') count++
      })
    }
    assert.equal(count, times * smallFields.length)
  }
  return { verify, repeat }
}

/** Every byte of the file, piece by piece. */
export function multipartFile(readFile, { makeBody, piece, size }) {
  const verify = async () => {
    const [expected, found] = [createHash('sha256'), createHash('sha256')]
    for (let length = 0; length < size; length += piece.length) expected.update(piece)
    await readFile(makeBody(), contentType, (bytes) => found.update(bytes))
    assert.equal(found.digest('hex'), expected.digest('hex'))
  }
  const repeat = async (times) => {
    let length = 0
    for (let i = 0; i < times; i++) {
      await readFile(makeBody(), contentType, (bytes) => {
        length += bytes.length
      })
    }
    assert.equal(length, times * size)
  }
  return { verify, repeat }
}

/** Every byte of the body, piece by piece, from a list of fields and a file; Node reads it again for the comparison. */
export function multipartEncode(writeForm, form) {
  let size
  const verify = async () => {
    const pieces = []
    const type = await writeForm(form, (bytes) => pieces.push(bytes))
    const body = Buffer.concat(pieces)
    size = body.length
    await demandForm(await new Response(body, { headers: { 'content-type': type } }).formData(), form)
  }
  const repeat = async (times) => {
    let length = 0
    for (let i = 0; i < times; i++) {
      await writeForm(form, (bytes) => {
        length += bytes.length
      })
    }
    assert.equal(length, times * size)
  }
  return { verify, repeat }
}

async function demandForm(found, { fields, file }) {
  const entries = [...found]
  const read = file && entries.pop()
  assert.deepEqual(entries, fields)
  if (!file) return
  const [name, { name: filename, type }] = read
  assert.deepEqual({ name, filename, type }, { name: file.name, filename: file.filename, type: file.type })
  assert(Buffer.from(await read[1].arrayBuffer()).equals(file.bytes), 'the file has other bytes')
}
