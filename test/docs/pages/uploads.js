// What docs/uploads.md sends, and what has to be there afterwards.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { post } from 'httpkit-wasm'

export const files = { 'lake.jpg': 'water' }

export const checks = {
  async 'A form with files'(_, { url }) {
    assert.equal(readFileSync('lake.kept', 'utf8'), 'water')
    const picture = { name: 'picture', content: new Blob(['sea']) }
    const { body } = await post(url(), {
      multipart: [{ name: 'title', content: 'sea' }, picture],
      as: 'text',
    })
    assert.equal(body, 'sea: 3 bytes of application/octet-stream\n')
    const many = Array(11).fill(picture)
    assert.equal((await post(url(), { multipart: many })).status, 413)
  },
  async 'Somewhere else than the disk'(_, { url }) {
    const { body } = await post(url(8091), {
      multipart: [{ name: 'file', content: new Blob(['']) }],
      as: 'text',
    })
    assert.equal(body, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  },
  'One file, no form'() {
    assert.equal(readFileSync('upload.bin', 'utf8'), 'water')
  },
  'Sending them'({ sent, whole }, { printed }) {
    assert.equal(sent.body, 'title=lake, picture: 5 bytes')
    assert.equal(whole.status, 201)
    assert.equal(printed.at(-1), '5 of 5')
    assert.ok(existsSync('upload.bin'))
  },
}
