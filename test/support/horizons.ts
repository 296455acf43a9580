// The default horizons, for tests that do not look at them.
import type { Horizons } from '../../src/velocity/grid.ts'

export const HORIZONS: Horizons = {
  exactHorizonMs: 86_400_000,
  allowedLatenessMs: 86_400_000,
  retentionMs: 35 * 86_400_000,
}
