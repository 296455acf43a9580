// Test projects: pure ones run in parallel; of those with a real broker two files at a time, because most of their time they wait.
import { defineConfig } from 'vitest/config'

const pure = (name: string, testTimeout = 20_000) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout },
})
const FILES_AT_A_TIME = 2

// Projects of one group order share the workers and would run beside each other, so each real one has its own.
const real = (name: string, groupOrder: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: FILES_AT_A_TIME,
    sequence: { groupOrder },
  },
})

export default defineConfig({
  test: {
    projects: [
      pure('unit'),
      pure('property', 120_000),
      real('contract', 1),
      real('integration', 2),
      real('e2e', 3),
      real('faults', 4),
    ],
  },
})
