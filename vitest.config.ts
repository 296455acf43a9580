// Test projects: pure ones run in parallel, those with a real broker one file after another on the two cores.
import { defineConfig } from 'vitest/config'

const pure = (name: string, testTimeout = 20_000) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout },
})
// Projects of one group order share the workers and would run beside each other, so each real one has its own.
const real = (name: string, groupOrder: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
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
