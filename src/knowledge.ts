// What a processor decides with: rates, rules and model, loaded from files and checked together,
// so that a person sees every problem of all three at once.
import type { Config } from './config.ts'
import { AppError } from './errors.ts'
import { loadScorer } from './model/load-scorer.ts'
import type { Scorer } from './model/scorer.ts'
import { loadRates, type Rates } from './payment/rates.ts'
import { loadRules } from './rules/load-rules.ts'
import type { Lists } from './rules/lists.ts'
import type { RuleSet } from './rules/rule-set.ts'
import { createWindowSet, type WindowSet, type WindowSpec } from './velocity/window.ts'

export interface Knowledge {
  readonly rates: Rates
  readonly ruleSet: RuleSet
  /** Null when the configuration says to run without a model. */
  readonly scorer: Scorer | null
  /** Every window that rules and model ask for; frozen. */
  readonly windows: WindowSet
  /** Those of the model alone, in the order of their slots: they stand first, whatever the rules ask for. */
  readonly modelWindows: readonly WindowSpec[]
  /** What lists answer; absent where they are empty. */
  readonly hasEntry?: Lists['has'] | undefined
}

/** Throws the AppError of what is wrong; when several are, one CONFIG_INVALID with all their problems. */
export async function loadKnowledge(config: Config, hasEntry?: Lists['has']): Promise<Knowledge> {
  const windows = createWindowSet()
  const horizons = config.velocity
  // The model first: its compiled features keep their slots when other rules come.
  const [scorer] = await Promise.allSettled([
    config.model.version === 'none' ? null : loadScorer({ ...config.model, windows, horizons }),
  ])
  const modelWindows = [...windows.specs]
  const [rates, ruleSet] = await Promise.allSettled([
    (async () => loadRates(config.money.ratesFile))(),
    (async () => loadRules(config.rules.dir, { windows, horizons, hasEntry }))(),
  ])
  if (rates.status === 'fulfilled' && ruleSet.status === 'fulfilled' && scorer.status === 'fulfilled') {
    windows.freeze()
    return {
      rates: rates.value,
      ruleSet: ruleSet.value,
      scorer: scorer.value,
      windows,
      modelWindows,
      hasEntry,
    }
  }
  if (scorer.status === 'fulfilled') scorer.value?.close()
  const failures = [rates, ruleSet, scorer].flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  )
  const unforeseen = failures.find((failure) => !(failure instanceof AppError))
  if (unforeseen !== undefined || failures.length === 1) throw unforeseen ?? failures[0]
  const errors = failures.filter((failure) => failure instanceof AppError)
  throw new AppError('CONFIG_INVALID', 'several files are not usable', {
    problems: errors.map((error) => error.message),
    cause: new AggregateError(errors),
  })
}

/** The same knowledge with the rules of another folder, which may ask for other windows. Throws RULES_INVALID. */
export function withRules(
  knowledge: Knowledge,
  dir: string,
  { velocity }: Pick<Config, 'velocity'>,
): Knowledge {
  const windows = createWindowSet()
  for (const spec of knowledge.modelWindows) windows.slot(spec)
  const ruleSet = loadRules(dir, { windows, horizons: velocity, hasEntry: knowledge.hasEntry })
  windows.freeze()
  return { ...knowledge, ruleSet, windows }
}
