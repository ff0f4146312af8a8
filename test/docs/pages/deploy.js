// What docs/deploy.md's server answers, and how it ends; its front ends are in deploy.test.ts.
import assert from 'node:assert/strict'
import { get } from 'httpkit-wasm'

export const checks = {
  async Deploying(_, { url }) {
    const { body } = await get(url(), { headers: { 'X-Forwarded-For': '192.0.2.7' }, as: 'text' })
    assert.equal(body, 'hello 192.0.2.7\n')
  },
  async 'Stopping without losing a request'({ server }) {
    process.emit('SIGTERM')
    assert.equal(server.status, 'stopping')
    await server.join()
  },
}
