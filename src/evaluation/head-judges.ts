// The heads of a model under evaluation: fitted anew to what was known, or those of a model that is not touched.
import type { Feature } from '../model/features.ts'
import { fitHeads, scoreRows } from '../model/fit.ts'
import type { HeadScores, Heads } from '../model/heads.ts'
import { type Judge, type JudgedRows, type ScoreId, spansOf } from './judge.ts'
import { levelled } from './level.ts'

export interface HeadOptions {
  readonly features: readonly Feature[]
  readonly seed: number
  readonly epochs: number
}

/** Fits both heads as `paysentry train` does. The backend must be ready. */
export function createHeadJudge({ features, seed, epochs }: HeadOptions): Judge {
  return {
    async fit(known) {
      const { heads } = await fitHeads({
        set: known,
        features,
        ...spansOf(known),
        // The set knows nothing later than itself.
        knownByMs: Number.POSITIVE_INFINITY,
        seed,
        epochs,
        isOver: () => false,
        onEpoch: () => undefined,
      })
      return { score: levelled(known, (rows) => named(heads, rows)), close: () => heads.close() }
    },
  }
}

/** A model as it is, whatever is known. The caller closes its heads. */
export function createFrozenJudge(heads: Heads): Judge {
  return { fit: async () => ({ score: (rows) => named(heads, rows), close: () => undefined }) }
}

function named(heads: Heads, rows: JudgedRows): ReadonlyMap<ScoreId, ArrayLike<number> | null> {
  const { raw, rarity, logOdds }: HeadScores = scoreRows(heads, rows, [0, rows.rows])
  return new Map<ScoreId, ArrayLike<number> | null>([
    ['model', raw],
    ['supervised', logOdds],
    ['rarity', rarity],
  ])
}
