// What a backtest decides with: as for a processor, and a second rule set over the same windows.
import type { Config } from '../config.ts'
import type { Knowledge } from '../knowledge.ts'
import { loadScorer } from '../model/load-scorer.ts'
import { loadRates } from '../payment/rates.ts'
import { loadRules } from '../rules/load-rules.ts'
import type { RuleSet } from '../rules/rule-set.ts'
import { createWindowSet } from '../velocity/window.ts'

export interface BacktestKnowledge {
  readonly knowledge: Knowledge
  readonly against: RuleSet | null
}

/** Throws the AppError of what is wrong with a file. */
export async function loadBacktestKnowledge(
  config: Config,
  againstDir: string | undefined,
): Promise<BacktestKnowledge> {
  const windows = createWindowSet()
  const horizons = config.velocity
  const rates = loadRates(config.money.ratesFile)
  const ruleSet = loadRules(config.rules.dir, { windows, horizons })
  const against = againstDir === undefined ? null : loadRules(againstDir, { windows, horizons })
  const { version } = config.model
  // Nobody reads what made a score here, and finding it out takes longer than the score.
  const scoring = { ...config.model, windows, horizons, explainAbove: Number.POSITIVE_INFINITY }
  const scorer = version === 'none' ? null : await loadScorer(scoring)
  windows.freeze()
  return { knowledge: { rates, ruleSet, scorer, windows, modelWindows: [] }, against }
}
