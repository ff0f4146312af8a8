import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,js}'],
    testTimeout: 20_000,
    pool: 'forks',
    reporters: ['default', './test/support/closing-line.ts'],
  },
})
