// Runs the breaker in a processor: tells its counts about once a second, adds up what all tell, and writes the demotion of a rule
// that went too far. A demotion takes effect when it is read back, so at the same offset in every processor.
import type { EventLog } from '../log/event-log.ts'
import type { RuleBreaker } from '../rules/rule-breaker.ts'
import type { Logger } from '../telemetry/logger.ts'
import { type BreakerLimits, createBreaker, type TrafficCounter } from './breaker.ts'
import { breakerKey, controlRecord, type Demotion, type TrafficCounts, trafficKey } from './control-record.ts'

const TELL_EVERY_MS = 1_000
/** From this share on a rule may do what it likes. */
const OFF = 1

export interface BreakerWatchOptions {
  readonly limits: BreakerLimits
  /** What the rule itself says. */
  readonly ruleBreaker: (rule: string) => RuleBreaker | undefined
  readonly traffic: TrafficCounter
  readonly log: Pick<EventLog, 'produce'>
  /** The control topic. */
  readonly topic: string
  /** Name of this processor. */
  readonly processor: string
  readonly demotions: () => ReadonlyMap<string, Demotion>
  readonly logger: Logger
}

export interface BreakerWatch {
  /** Begins to tell what this processor counts. */
  start(): void
  /** Counts that a processor told, with the time of the record. */
  heard(counts: TrafficCounts, timeMs: number): void
  /** A person lifted the demotion of the rule: it is measured anew. */
  lifted(rule: string): void
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>
}

export function createBreakerWatch(options: BreakerWatchOptions): BreakerWatch {
  const { limits, log, topic, logger } = options
  // One for each length of time that a rule is measured over.
  const breakers = new Map([[limits.windowMs, createBreaker(limits.windowMs)]])
  const limitsOf = (rule: string): BreakerLimits => ({ ...limits, ...options.ruleBreaker(rule) })
  const writing = new Set<string>()
  const underWay = new Set<Promise<void>>()

  const write = (rule: string | null, key: string, value: Demotion | TrafficCounts): void => {
    const work = log
      .produce([controlRecord(topic, key, value)])
      .catch((error: unknown) => {
        // What was not told is not counted; a rule that goes too far is found by the next second's counts.
        logger.warn({ err: error, key }, 'The breaker could not write to the control topic')
      })
      .finally(() => {
        if (rule !== null) writing.delete(rule)
        underWay.delete(work)
      })
    underWay.add(work)
  }
  const demote = (): void => {
    for (const [windowMs, breaker] of breakers) {
      const allowed = (rule: string): BreakerLimits | null => {
        const own = limitsOf(rule)
        const isDemoted = options.demotions().has(rule) || writing.has(rule)
        return isDemoted || own.windowMs !== windowMs || own.share >= OFF ? null : own
      }
      for (const [rule, figures] of breaker.tripped(allowed)) {
        writing.add(rule)
        logger.error({ rule, ...figures }, 'A rule stopped more payments than it may and is put into shadow')
        write(rule, breakerKey(rule), { ...figures, author: 'paysentry', at: new Date().toISOString() })
      }
    }
  }
  const tell = (): void => {
    const counts = options.traffic.take()
    if (counts !== null) write(null, trafficKey(options.processor), counts)
  }
  let timer: NodeJS.Timeout | undefined
  return {
    start() {
      timer = setInterval(tell, TELL_EVERY_MS)
    },
    heard(counts, timeMs) {
      for (const rule of Object.keys(counts.acted)) {
        const { windowMs } = limitsOf(rule)
        if (!breakers.has(windowMs)) breakers.set(windowMs, createBreaker(windowMs))
      }
      for (const breaker of breakers.values()) breaker.add(counts, timeMs)
      demote()
    },
    lifted(rule) {
      for (const breaker of breakers.values()) breaker.forget(rule)
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(underWay)
    },
  }
}
