import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const instrumentedCore = fileURLToPath(new URL('build/fuzz/core.mjs', import.meta.url))

export default defineConfig({
  test: {
    testTimeout: 20_000,
    pool: 'forks',
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      { extends: true, test: { name: 'library', include: ['test/**/*.test.ts'] } },
      {
        extends: true,
        resolve: { alias: { '#core': instrumentedCore } },
        test: { name: 'fuzzer', include: ['test/fuzz/**/*.test.js'] },
      },
    ],
  },
})
