import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const instrumentedCore = fileURLToPath(new URL('build/fuzz/core.mjs', import.meta.url))

export default defineConfig({
  test: {
    testTimeout: 20_000,
    pool: 'forks',
    // Tests wait more than they compute: also two cores are better used by two files at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
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
