// What the fakes and the servers of docs/testing.md have to answer.
import assert from 'node:assert/strict'

export const checks = {
  'Code that makes requests'({ name, missing, created }) {
    assert.equal(name, 'Ada')
    assert.equal(missing.status, 404)
    assert.deepEqual([created.status, created.body], [201, 'new'])
  },
  Handlers({ response, answer }) {
    assert.equal(response.body, 'hello Ada')
    assert.equal(answer.body, 'hello Ada')
  },
}
