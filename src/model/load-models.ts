// The models of a processor: the champion, which decides, and a challenger beside it, where there is one.
// The champion's windows stand first, so that it keeps its slots while challengers come and go.
import type { Horizons } from '../velocity/grid.ts'
import { createWindowSet, type WindowSet, type WindowSpec } from '../velocity/window.ts'
import type { Backend } from './backend.ts'
import { loadScorer } from './load-scorer.ts'
import type { Scorer } from './scorer.ts'

export interface Models {
  /** The champion; null when no model decides. */
  readonly scorer: Scorer | null
  /** Scores every payment beside the champion and never acts. */
  readonly challenger: Scorer | null
  /** The windows of both in the order of their slots, whatever the rules ask for. */
  readonly modelWindows: readonly WindowSpec[]
  /** How many of them are the champion's. */
  readonly championWindows: number
}

export interface ModelRef {
  /** Folder in model.dir, or `current`. */
  readonly version: string
  /** SHA-256 of its manifest, hex; any if absent. */
  readonly hash?: string | undefined
}

export interface LoadModelsOptions {
  /** Folder of the versions. */
  readonly dir: string
  readonly horizons: Horizons
  readonly explainAbove: number
  readonly backend?: Backend
}

/** A challenger explains nothing. */
const NEVER = Number.POSITIVE_INFINITY

/** A champion without a challenger, warm. Throws MODEL_INVALID. */
export async function loadChampion(ref: ModelRef | null, options: LoadModelsOptions): Promise<Models> {
  const windows = createWindowSet()
  const scorer = ref === null ? null : await loadScorer({ ...options, ...ref, windows })
  const modelWindows = [...windows.specs]
  return { scorer, challenger: null, modelWindows, championWindows: modelWindows.length }
}

/** The same champion with this challenger, warm; with none when both are the same model. Throws MODEL_INVALID. */
export async function withChallenger(
  models: Models,
  ref: ModelRef | null,
  options: LoadModelsOptions,
): Promise<Models> {
  const { scorer, championWindows } = models
  const alone = {
    scorer,
    challenger: null,
    modelWindows: models.modelWindows.slice(0, championWindows),
    championWindows,
  }
  if (ref === null) return alone
  const windows = windowSetOf(alone.modelWindows)
  const challenger = await loadScorer({ ...options, ...ref, windows, explainAbove: NEVER })
  if (challenger.version === scorer?.version) {
    challenger.close()
    return alone
  }
  return { ...alone, challenger, modelWindows: [...windows.specs] }
}

/** A window set that begins with these windows, each in its slot. */
export function windowSetOf(specs: readonly WindowSpec[]): WindowSet {
  const windows = createWindowSet()
  for (const spec of specs) windows.slot(spec)
  return windows
}
