// One event through the pipeline, after its history, with the reasons of every rule. Journals are in memory and hold nothing but
// the history that is given.
import type { Batch, BatchEvent, Rejected } from '../batch.ts'
import type { Decision } from '../decision/decision.ts'
import { type RuleTrace, traceRule } from '../rules/trace.ts'
import { readRecording } from './recording.ts'
import { createReplay, type ReplayOptions } from './replay.ts'

export interface ExplainOptions extends Omit<ReplayOptions, 'onDecided'> {
  /** Recording that is played before, and in which `id` is looked for; null for none. */
  readonly history: string | null
  /** The message as it would be published, or the id of an event in the history. */
  readonly subject: { readonly message: Buffer } | { readonly id: string }
}

export type Explained =
  | { readonly decision: Decision; readonly traces: readonly RuleTrace[]; readonly rejected: null }
  | {
      readonly decision: null
      readonly traces: readonly []
      readonly rejected: Pick<Rejected, 'code' | 'message'>
    }

/** Null when the history has no event with the id. Throws RECORDING_INVALID. */
export async function explainEvent(options: ExplainOptions): Promise<Explained | null> {
  const { history, subject, knowledge } = options
  const wanted = 'id' in subject ? subject.id : null
  let found: BatchEvent | null = null
  let last: Batch | null = null
  const replay = createReplay({
    ...options,
    onDecided(batch) {
      last = batch
      if (wanted !== null) found ??= batch.events.find(({ event }) => event.id === wanted) ?? null
    },
  })
  const explained = (event: BatchEvent): Explained | null =>
    event.decision === null
      ? null
      : {
          decision: event.decision,
          traces: knowledge.ruleSet.rules.map((rule) => traceRule(rule, event)),
          rejected: null,
        }
  try {
    if (history !== null) {
      for await (const lines of readRecording({ file: history })) {
        await replay.play(lines)
        if (found !== null) return explained(found)
      }
    }
    if (!('message' in subject)) return null
    await replay.play([
      { kind: 'event', line: 1, timestampMs: Number.POSITIVE_INFINITY, value: subject.message },
    ])
    return outcomeOf(last, explained)
  } finally {
    await replay.close()
  }
}

function outcomeOf(
  batch: Batch | null,
  explained: (event: BatchEvent) => Explained | null,
): Explained | null {
  const [event] = batch?.events ?? []
  if (event !== undefined) return explained(event)
  const [rejected] = batch?.rejected ?? []
  if (rejected === undefined) return null
  const { code, message } = rejected
  return { decision: null, traces: [], rejected: { code, message } }
}
