// What a backtest decides with: as for a processor, and a second rule set over the same windows.
import type { Config } from '../config.ts'
import type { Knowledge } from '../knowledge.ts'
import { loadScorer } from '../model/load-scorer.ts'
import { loadRates } from '../payment/rates.ts'
import { compileRules, loadRules, readRules } from '../rules/load-rules.ts'
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
  const ruleFolder = readRules(config.rules.dir)
  const ruleSet = compileRules(ruleFolder, { windows, horizons })
  const against = againstDir === undefined ? null : loadRules(againstDir, { windows, horizons })
  const { version } = config.model
  // Nobody reads what made a score here, and finding it out takes longer than the score.
  const scoring = { ...config.model, windows, horizons, explainAbove: Number.POSITIVE_INFINITY }
  const scorer = version === 'none' ? null : await loadScorer(scoring)
  windows.freeze()
  const models = { scorer, challenger: null, modelWindows: [], championWindows: 0 }
  return { knowledge: { ...models, rates, ruleSet, ruleFolder, windows }, against }
}
