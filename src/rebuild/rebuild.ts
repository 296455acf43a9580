// The rebuild of the journals: a new edition from the log, beside the one in force, while processors go on deciding.
//
// Why nothing is lost, and no decision waits:
//   1. fill    The log is read from its oldest record to its end, again and again, until a round takes seconds. The new edition
//              thus gets the past before the present: records that came the other way round would be late.
//   2. join    The markers say that every append goes to both editions. An append that was made before did not see that, but its
//              event stood in the log by then; an append after it goes to both, because Redis refuses any that believes otherwise.
//   3. rest    The log is read once more, to where it ends NOW, after the join. So every event that any processor has journaled
//              until then stands in the new edition: by this reading, or by its own append. Those of the last seconds may stand there
//              twice or in another order; the second record with an id does not count.
//   4. switch  The markers name the new edition. Both are complete, so it does not matter which processor hears of it when, nor that
//              the shards of a cluster switch one after the other. An append that still believes in the old one is refused, and the
//              batch is done again on the new one, where its events find their records.
// A switch before 2 would lose what was journaled between the end of the reading and the switch; a join before 1 would put the present
// before the past; and to hold the processors up instead of joining would stop decisions.
import type { LogRecord } from '../log/event-log.ts'

export const PHASES = ['fill', 'join', 'rest', 'switch'] as const
export type Phase = (typeof PHASES)[number]

export interface RebuildParts {
  readonly target: {
    join(): Promise<void>
    putInForce(): Promise<void>
    giveUp(): Promise<void>
  }
  /** What is older than the log: handed over before it, or nothing. */
  readonly recording: (onRecords: (records: readonly LogRecord[]) => Promise<void>) => Promise<void>
  /** Hands over what stands in the log and was not handed over before, in the order of its arrival. */
  readonly catchUp: (onRecords: (records: readonly LogRecord[]) => Promise<void>) => Promise<void>
  readonly journal: (records: readonly LogRecord[]) => Promise<void>
  readonly onPhase: (phase: Phase) => void
  /** Monotonic, milliseconds. */
  readonly now: () => number
}

/** A round of reading that is done this soon leaves as little for the next one. Three seconds of it Kafka takes to let a reader in. */
const NEAR_MS = 10_000
/** A log that grows faster than it is read is never caught up with; then the order of the last records suffers, and nothing else. */
const MOST_ROUNDS = 20

/** Resolves when the new edition is in force. What goes wrong before is thrown when the edition was given up. */
export async function rebuild(parts: RebuildParts): Promise<void> {
  const { target, onPhase, catchUp, journal, now } = parts
  try {
    onPhase('fill')
    await parts.recording(journal)
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const startedAt = now()
      await catchUp(journal)
      if (now() - startedAt < NEAR_MS) break
    }
    onPhase('join')
    await target.join()
    onPhase('rest')
    await catchUp(journal)
    onPhase('switch')
    await target.putInForce()
  } catch (error) {
    // If Redis is away too, the markers stay, and the next rebuild takes over.
    await target.giveUp().catch(() => undefined)
    throw error
  }
}
