// What docs/http.md says that its heads are refused with.
import assert from 'node:assert/strict'

export const checks = {
  Requests(_, { printed, page }) {
    const [, shown] = /```text\n([\s\S]*?)\n```/.exec(page)
    assert.deepEqual(printed, shown.split('\n'))
  },
}
