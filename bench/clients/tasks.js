// What is done with a client: `verify` compares one answer with all that it has to be, `once` makes one request and looks
// at what can be looked at for nothing.

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { downloadBlock, downloadSize } from '../client-inputs.js'

const text = (client, expected) => ({
  async verify() {
    const { status, body } = await client.text()
    demand(status === 200 && body === expected)
  },
  async once() {
    const { status, body } = await client.text()
    demand(status === 200 && body.length === expected.length)
  },
})

const json = (client, expected) => {
  const [name, value] = Object.entries(expected).at(-1)
  return {
    async verify() {
      const { status, body } = await client.json()
      demand(status === 200 && isDeepStrictEqual(body, expected))
    },
    async once() {
      const { status, body } = await client.json()
      demand(status === 200 && body[name] === value)
    },
  }
}

const download = (client, expected) => ({
  async verify() {
    const hash = createHash('sha256')
    const { status } = await client.download((piece) => hash.update(piece))
    demand(status === 200 && hash.digest('hex') === digestOfDownload())
  },
  async once() {
    let bytes = 0
    const { status } = await client.download((piece) => {
      bytes += piece.length
    })
    demand(status === 200 && bytes === expected)
  },
})

export const tasks = { text, json, download }

function demand(isRight) {
  if (!isRight) throw new Error('it gives another answer than was sent')
}

function digestOfDownload() {
  const hash = createHash('sha256')
  for (let at = 0; at < downloadSize; at += downloadBlock.length) hash.update(downloadBlock)
  return hash.digest('hex')
}
