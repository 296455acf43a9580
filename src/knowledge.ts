// What a processor decides with: rates, rules and models, loaded from files and checked together,
// so that a person sees every problem of all three at once.
import type { Config } from './config.ts'
import { AppError } from './errors.ts'
import { loadChampion, type ModelRef, type Models, windowSetOf, withChallenger } from './model/load-models.ts'
import { loadRates, type Rates } from './payment/rates.ts'
import { compileRules, readRules, type RuleFolder } from './rules/load-rules.ts'
import type { Lists } from './rules/lists.ts'
import type { RuleSet } from './rules/rule-set.ts'
import type { WindowSet } from './velocity/window.ts'

export interface Knowledge extends Models {
  readonly rates: Rates
  readonly ruleSet: RuleSet
  /** What the rule set was compiled from; another model may ask for other windows, and then it is compiled anew. */
  readonly ruleFolder: RuleFolder
  /** Every window that rules and models ask for; frozen. */
  readonly windows: WindowSet
  /** What lists answer; absent where they are empty. */
  readonly hasEntry?: Lists['has'] | undefined
}

/** Throws the AppError of what is wrong; when several are, one CONFIG_INVALID with all their problems. */
export async function loadKnowledge(config: Config, hasEntry?: Lists['has']): Promise<Knowledge> {
  const [models] = await Promise.allSettled([configuredModels(config)])
  const modelWindows = models.status === 'fulfilled' ? models.value.modelWindows : []
  const [rates, rules] = await Promise.allSettled([
    (async () => loadRates(config.money.ratesFile))(),
    (async () => rulesOver(modelWindows, readRules(config.rules.dir), config, hasEntry))(),
  ])
  if (rates.status === 'fulfilled' && rules.status === 'fulfilled' && models.status === 'fulfilled')
    return { ...models.value, ...rules.value, rates: rates.value, hasEntry }
  if (models.status === 'fulfilled') closeModels(models.value)
  const failures = [rates, rules, models].flatMap((result) =>
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

/** The models that the configuration names: the version to decide with, and the challenger. */
export function configuredRefs({ model }: Pick<Config, 'model'>): {
  readonly champion: ModelRef | null
  readonly challenger: ModelRef | null
} {
  const refOf = (version: string): ModelRef | null => (version === 'none' ? null : { version })
  return { champion: refOf(model.version), challenger: refOf(model.challenger) }
}

async function configuredModels(config: Config): Promise<Models> {
  const options = { ...config.model, horizons: config.velocity }
  const refs = configuredRefs(config)
  const champion = await loadChampion(refs.champion, options)
  try {
    return await withChallenger(champion, refs.challenger, options)
  } catch (error) {
    closeModels(champion)
    throw error
  }
}

/** The same knowledge with the rules of another folder, which may ask for other windows. Throws RULES_INVALID. */
export function withRules(knowledge: Knowledge, dir: string, config: Pick<Config, 'velocity'>): Knowledge {
  const { modelWindows, hasEntry } = knowledge
  return { ...knowledge, ...rulesOver(modelWindows, readRules(dir), config, hasEntry) }
}

/** The same knowledge with other models, which may ask for other windows. */
export function withModels(
  knowledge: Knowledge,
  models: Models,
  config: Pick<Config, 'velocity'>,
): Knowledge {
  const { ruleFolder, hasEntry } = knowledge
  return { ...knowledge, ...models, ...rulesOver(models.modelWindows, ruleFolder, config, hasEntry) }
}

/** Frees the memory of the nets. */
export function closeModels({ scorer, challenger }: Models): void {
  scorer?.close()
  challenger?.close()
}

/** The windows of the models first: their compiled features keep their slots when other rules come. */
function rulesOver(
  modelWindows: Models['modelWindows'],
  ruleFolder: RuleFolder,
  { velocity: horizons }: Pick<Config, 'velocity'>,
  hasEntry: Knowledge['hasEntry'],
): Pick<Knowledge, 'ruleSet' | 'ruleFolder' | 'windows'> {
  const windows = windowSetOf(modelWindows)
  const ruleSet = compileRules(ruleFolder, { windows, horizons, hasEntry })
  windows.freeze()
  return { ruleSet, ruleFolder, windows }
}
