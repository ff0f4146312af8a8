// What the server on the page answers.
import assert from 'node:assert/strict'
import { get, post } from 'httpkit-wasm'

export const checks = {
  async 'From node:http and express'(_, { url }) {
    const { body, headers } = await get(`${url()}/users/7?verbose=1`, { as: 'text' })
    assert.deepEqual(JSON.parse(body), { id: '7', verbose: true })
    assert.match(headers['x-time'], /^\d+$/)
    const created = await post(`${url()}/users`, { body: '{"name":"Ada"}', as: 'text' })
    assert.deepEqual([created.status, created.body], [201, '{"name":"Ada"}'])
    assert.equal((await get(url())).status, 404)
  },
}
