// Which models decide and challenge: those of the configuration, or the ones that were promoted last (model.source). Another model
// is loaded, checked and warm before it is put into force between two batches; one that is not usable changes nothing.
import type { Config } from '../config.ts'
import { AppError, toAppError } from '../errors.ts'
import { configuredRefs, type Knowledge, withModels } from '../knowledge.ts'
import { loadChampion, type ModelRef, type Models, withChallenger } from '../model/load-models.ts'
import { MODEL_ROLES, type ModelRole } from './control-record.ts'
import type { Promotions } from './promotions.ts'

export interface ModelsInForceOptions {
  readonly config: Pick<Config, 'model' | 'velocity'>
  readonly promotions: Promotions
  /** What decides now. */
  readonly current: () => Knowledge
  /** From the next batch on. */
  readonly use: (knowledge: Knowledge) => void
  readonly onSwitch: (outcome: 'taken' | 'same', role: ModelRole) => void
  readonly onRefused: (error: AppError, role: ModelRole) => void
}

export interface ModelsInForce {
  /** Takes what was promoted, where it counts. Throws MODEL_INVALID for the champion: at the start only. */
  begin(): Promise<void>
  /** Loads from the files again what is wanted. Never throws. */
  reload(): void
  /** To be called when a promotion has changed. Never throws. */
  promoted(): void
  /** Resolves when nothing is being loaded. */
  idle(): Promise<void>
}

type Taken = Record<ModelRole, string>

export function createModelsInForce(options: ModelsInForceOptions): ModelsInForce {
  const { config, promotions, current } = options
  const loading = { ...config.model, horizons: config.velocity }
  const configured = configuredRefs(config)
  const taken: Taken = { champion: nameOf(configured.champion), challenger: nameOf(configured.challenger) }
  // A batch in hand still scores with the model that was in force when it began: its nets are freed when no batch holds it.
  const retired = new FinalizationRegistry<() => void>((free) => free())
  let work = Promise.resolve()

  const wanted = (role: ModelRole): ModelRef | null => {
    const choice = config.model.source === 'control' ? promotions[role].current() : null
    if (choice === null || choice.withdrawn === true) return configured[role]
    return { version: choice.version, hash: choice.hash.slice('sha256:'.length) }
  }
  /** The models with the wanted one in its role; null when it is there already. */
  const load = async (role: ModelRole, models: Models, again: boolean): Promise<Models | null> => {
    const ref = wanted(role)
    if (!again && nameOf(ref) === taken[role]) return null
    const isChampion = role === 'champion'
    const next = isChampion ? await loadChampion(ref, loading) : await withChallenger(models, ref, loading)
    taken[role] = nameOf(ref)
    const [before, after] = isChampion ? [models.scorer, next.scorer] : [models.challenger, next.challenger]
    if (before?.hash !== after?.hash) return next
    if (before !== after) after?.close()
    return null
  }
  const take = async (again: boolean, fail: (error: AppError, role: ModelRole) => void): Promise<void> => {
    let models: Models = current()
    let isOther = false
    const switches: [ModelRole, 'taken' | 'same'][] = []
    for (const role of MODEL_ROLES) {
      try {
        // Beside another champion the challenger's windows have other slots.
        const next = await load(role, models, again || (isOther && role === 'challenger'))
        if (next !== null) models = next
        isOther ||= next !== null
        switches.push([role, next === null ? 'same' : 'taken'])
      } catch (error) {
        fail(toAppError(error), role)
      }
    }
    if (isOther) putInForce(models)
    for (const [role, outcome] of switches) options.onSwitch(outcome, role)
  }
  const putInForce = (models: Models): void => {
    const before = current()
    options.use(withModels(before, models, config))
    for (const scorer of [before.scorer, before.challenger]) {
      const isKept = scorer === models.scorer || scorer === models.challenger
      if (scorer !== null && !isKept) retired.register(scorer, scorer.close)
    }
  }
  const attempt = (again: boolean): void => {
    work = work
      .then(() => take(again, options.onRefused))
      .catch((error: unknown) => options.onRefused(toAppError(error), 'champion'))
  }
  return {
    async begin() {
      if (config.model.source !== 'control') return
      const refused = promotions.champion.refused()
      // With none that counts it cannot know by which model the others decide.
      if (promotions.champion.current() === null && refused !== null)
        throw new AppError('MODEL_INVALID', refused)
      const first = take(false, (error, role) => {
        if (role === 'champion') throw error
        options.onRefused(error, role)
      })
      // What is promoted meanwhile comes after it.
      work = first.catch(() => undefined)
      await first
    },
    reload: () => attempt(true),
    promoted() {
      if (config.model.source === 'control') attempt(false)
    },
    idle: () => work,
  }
}

function nameOf(ref: ModelRef | null): string {
  return ref === null ? 'none' : `${ref.version}@${ref.hash ?? ''}`
}
