// Joins the control topic with what decides: lists, activations, promotions and demotions take effect as they are read, the folders
// when it is told to. Everything that people must know of is logged and counted here.
import type { Config } from '../config.ts'
import type { Deciding } from '../deciding.ts'
import type { EventLog } from '../log/event-log.ts'
import { watchFolder } from '../rules/watch-folder.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createBreakerWatch } from './breaker-watch.ts'
import { type Control, openControl } from './control.ts'
import { createModelsInForce, type ModelsInForce } from './models-in-force.ts'
import { createRulesInForce, type RulesInForce } from './rules-in-force.ts'
import type { Standing } from './standing.ts'

export interface RuleControlOptions {
  readonly config: Config
  readonly version: string
  readonly log: EventLog
  /** The control topic. */
  readonly topic: string
  readonly standing: Standing
  readonly deciding: Deciding
  readonly metrics: Metrics
  readonly logger: Logger
}

export interface RuleControl {
  /** Loads the rules folder again. */
  readonly reload: () => void
  /** Loads the models from their folders again. */
  readonly reloadModels: () => void
  /** Rejects when the control topic can no longer be followed. */
  readonly finished: Promise<void>
  stop(): Promise<void>
}

/**
 * Resolves when the control topic has been read whole and what it says is in force. Throws LOG_UNAVAILABLE, TOPIC_MISSING, or
 * what is wrong with the rule set or the model that is active.
 */
export async function openRuleControl(options: RuleControlOptions): Promise<RuleControl> {
  const { config, standing, metrics, logger } = options
  const parts: Parts = { control: null, rules: null, models: null }
  const standDemotions = (): void => {
    const demotions = parts.control?.demotions ?? new Map<string, never>()
    standing.demote(demotions.keys())
    metrics.setDemotedRules(demotions.size)
    logger.info({ demoted: [...demotions.keys()] }, 'The rules that the breaker has put into shadow')
  }
  const breaker = createBreakerWatch({
    limits: config.breaker,
    ruleBreaker: (id) => options.deciding.knowledge().ruleSet.rules.find((rule) => rule.id === id)?.breaker,
    traffic: standing.traffic,
    log: options.log,
    topic: options.topic,
    processor: config.kafka.clientId,
    demotions: () => parts.control?.demotions ?? new Map<string, never>(),
    logger,
  })
  const control = await openControl({
    log: options.log,
    topic: options.topic,
    lists: standing.lists,
    // With "folder" nobody acts on them.
    activationKeys: config.rules.source === 'control' ? config.rules.publicKeys : [],
    promotionKeys: config.model.source === 'control' ? config.rules.publicKeys : [],
    onActivationRefused(problem) {
      metrics.countRuleSwitch('refused')
      const { hash } = options.deciding.knowledge().ruleSet
      logger.error({ problem, ruleSet: hash }, 'An activation was refused; the rules before go on deciding')
    },
    onPromotionRefused(problem, role) {
      metrics.countModelSwitch(role, 'refused')
      logger.error(
        { problem, role, ...running(options.deciding) },
        'A promotion was refused; the models before go on scoring',
      )
    },
    onRuleSet: () => parts.rules?.activated(),
    onModel: () => parts.models?.promoted(),
    onBreaker: standDemotions,
    onTraffic: breaker.heard,
    onLifted: breaker.lifted,
    onUnreadable(problem, { topic, partition, offset }) {
      metrics.countUnreadableControl()
      logger.error({ topic, partition, offset, problem }, 'A record of the control topic changes nothing')
    },
  })
  const rules = rulesInForce(options, control)
  const models = modelsInForce(options, control)
  parts.control = control
  parts.rules = rules
  parts.models = models
  try {
    if (control.demotions.size > 0) standDemotions()
    metrics.bindListEntries(standing.lists.size)
    sayWhatDecides(options)
    rules.begin()
    await models.begin()
    breaker.start()
  } catch (error) {
    await control.stop()
    throw error
  }
  const watcher = config.rules.watch
    ? watchFolder(config.rules.dir, rules.reload, (error) =>
        logger.error({ err: error }, 'The rules folder is no longer watched; SIGHUP still loads it again'),
      )
    : null
  return {
    reload: rules.reload,
    reloadModels: models.reload,
    finished: control.finished,
    async stop() {
      watcher?.close()
      await breaker.stop()
      await control.stop()
      await models.idle()
    },
  }
}

interface Parts {
  control: Control | null
  rules: RulesInForce | null
  models: ModelsInForce | null
}

function rulesInForce(options: RuleControlOptions, control: Control): RulesInForce {
  const { config, deciding, metrics, logger } = options
  return createRulesInForce({
    config,
    published: () => ({
      activation: control.activations.current(),
      refused: control.activations.refused(),
      bundles: control.bundles,
    }),
    current: deciding.knowledge,
    use: deciding.use,
    onSwitch(outcome, origin, { ruleSet }) {
      metrics.countRuleSwitch(outcome, control.activations.refused() !== null)
      sayWhatDecides(options)
      const by = origin === 'control' ? control.activations.current()?.author : undefined
      const message = outcome === 'same' ? 'The rules are as they were' : 'Other rules decide from here on'
      logger.info({ origin, by, ruleSet: ruleSet.hash, rules: ruleSet.size }, message)
    },
    onRefused(error, origin) {
      metrics.countRuleSwitch('refused')
      const { hash } = deciding.knowledge().ruleSet
      logger.error(
        { err: error, origin, ruleSet: hash },
        'New rules were refused; the ones before go on deciding',
      )
    },
  })
}

function modelsInForce(options: RuleControlOptions, { promotions }: Control): ModelsInForce {
  const { config, deciding, metrics, logger } = options
  return createModelsInForce({
    config,
    promotions,
    current: deciding.knowledge,
    use: deciding.use,
    onSwitch(outcome, role) {
      metrics.countModelSwitch(role, outcome, promotions[role].refused() !== null)
      sayWhatDecides(options)
      const by = config.model.source === 'control' ? promotions[role].current()?.author : undefined
      if (outcome === 'taken')
        logger.info({ role, by, ...running(deciding) }, 'Other models score from here on')
    },
    onRefused(error, role) {
      metrics.countModelSwitch(role, 'refused')
      logger.error(
        { err: error, role, ...running(deciding) },
        'A model was refused; the ones before go on scoring',
      )
    },
  })
}

function sayWhatDecides({ version, metrics, deciding }: RuleControlOptions): void {
  metrics.setBuildInfo({ version, ruleSet: deciding.knowledge().ruleSet.hash, ...running(deciding) })
}

/** The models that score now. */
function running(deciding: Deciding): { readonly model: string | null; readonly challenger: string | null } {
  const { scorer, challenger } = deciding.knowledge()
  return { model: scorer?.version ?? null, challenger: challenger?.version ?? null }
}
