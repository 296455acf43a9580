// Which rule set decides: that of the folder, or the published one that was activated last (rules.source). A change is all or
// nothing: a set that is not usable changes nothing, is reported with every problem, and the one before it goes on deciding.
import type { Config } from '../config.ts'
import { AppError, toAppError } from '../errors.ts'
import { type Knowledge, withRules } from '../knowledge.ts'
import { openBundle, withBundleFolder } from './bundle.ts'
import type { Activation, RuleBundle } from './control-record.ts'

export type RuleOrigin = 'folder' | 'control'

export interface RulesInForceOptions {
  readonly config: Pick<Config, 'rules' | 'velocity'>
  readonly published: () => {
    readonly activation: Activation | null
    readonly bundles: ReadonlyMap<string, RuleBundle>
    /** Why the last activation did not count; null when it did, or there was none. */
    readonly refused: string | null
  }
  /** What decides now. */
  readonly current: () => Knowledge
  /** From the next batch on. */
  readonly use: (knowledge: Knowledge) => void
  readonly onSwitch: (outcome: 'taken' | 'same', origin: RuleOrigin, knowledge: Knowledge) => void
  readonly onRefused: (error: AppError, origin: RuleOrigin) => void
}

export interface RulesInForce {
  /** Takes the activated rule set, where there is one and it counts. Throws BUNDLE_REFUSED or RULES_INVALID: at the start only. */
  begin(): void
  /** Loads the folder again, unless an activation stands. Never throws. */
  reload(): void
  /** To be called when the activation, or what it names, has changed. Never throws. */
  activated(): void
}

export function createRulesInForce(options: RulesInForceOptions): RulesInForce {
  const { config, published, current } = options
  const origin = (): RuleOrigin =>
    config.rules.source === 'control' && published().activation !== null ? 'control' : 'folder'

  const load = (from: RuleOrigin): Knowledge => {
    const { activation, bundles } = published()
    if (from === 'folder' || activation === null) return withRules(current(), config.rules.dir, config)
    const hash = activation.ruleSet
    const bundle = bundles.get(hash)
    if (bundle === undefined) {
      const who = `${hash}, activated by ${activation.author} at ${activation.at}`
      throw new AppError('BUNDLE_REFUSED', `${who}: it is not in the control topic; publish it first`)
    }
    const content = openBundle(hash, bundle, config.rules.publicKeys)
    const knowledge = withBundleFolder(content, (dir) => withRules(current(), dir, config))
    if (knowledge.ruleSet.hash !== hash) {
      const remedy = 'run the same version of paysentry everywhere and publish again'
      throw new AppError('BUNDLE_REFUSED', `${hash} is ${knowledge.ruleSet.hash} here: ${remedy}`)
    }
    return knowledge
  }
  const take = (from: RuleOrigin): void => {
    const knowledge = load(from)
    const same = knowledge.ruleSet.hash === current().ruleSet.hash
    if (!same) options.use(knowledge)
    options.onSwitch(same ? 'same' : 'taken', from, knowledge)
  }
  const attempt = (from: RuleOrigin): void => {
    try {
      take(from)
    } catch (error) {
      options.onRefused(toAppError(error), from)
    }
  }
  return {
    begin() {
      const { activation, refused } = published()
      if (config.rules.source === 'control' && activation === null && refused !== null) {
        throw new AppError('BUNDLE_REFUSED', refused)
      }
      if (origin() === 'control') take('control')
    },
    reload() {
      if (origin() === 'folder') attempt('folder')
    },
    activated() {
      if (config.rules.source === 'control') attempt(origin())
    },
  }
}
