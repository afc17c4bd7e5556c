import { defineConfig } from 'vitest/config'

// Unit tests need no database; integration tests share one embedded PostgreSQL started by the global setup.
// With them run the tests of the kept compilation: they need none either, but run commands hundreds of times.
const slow = ['test/**/*.db.test.ts', 'test/cli/cache/{lying-cache,partial-parse}.test.ts']
const report = process.env.ESTIMAND_TEST_REPORT

export default defineConfig({
  test: {
    // The count of tests that .ci/run prints comes from this report.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: slow,
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: slow,
          globalSetup: ['test/warehouse/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
