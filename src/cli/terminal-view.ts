// What `paysentry start` prints: one line for each decision that is not `allow`, and a summary every few seconds.
// Pure text: the width and whether to colour are parameters.
import type { Batch, BatchEvent } from '../batch.ts'
import type { Decision } from '../decision/decision.ts'
import { currencyExponent } from '../payment/currency.ts'
import { ACTIONS, type Action } from '../rules/rule-set.ts'

export interface Terminal {
  /** Columns to fill at most. */
  readonly width: number
  readonly colour: boolean
}

const COLOUR: Readonly<Record<Action, string>> = {
  allow: '\u001b[32m',
  review: '\u001b[33m',
  challenge: '\u001b[35m',
  block: '\u001b[31m',
}
const DIM = '\u001b[2m'
const RESET = '\u001b[0m'

/** One line for each decision of the batch that is not `allow`. */
export function heldLines(batch: Batch, terminal: Terminal): string[] {
  return batch.events.flatMap((event) =>
    event.decision === null || event.decision.action === 'allow'
      ? []
      : [decisionLine(event, event.decision, terminal)],
  )
}

/**
 * `BLOCK     12:04:31 authorisation       1.99 EUR 0.9991  CARD_TESTING, NEW_DEVICE`: action, event time, type,
 * amount, score, reasons,
 * as many as the width allows; the rest is counted.
 */
export function decisionLine(event: BatchEvent, decision: Decision, terminal: Terminal): string {
  const exponent = currencyExponent(event.event.currency) ?? 0
  const { amount, currency, type, time } = event.event
  const money = amount === 0 ? '' : `${(amount / 10 ** exponent).toFixed(exponent)} ${currency}`
  const score = decision.score === null ? '' : decision.score.value.toFixed(4)
  const head = [
    decision.action.toUpperCase().padEnd(9),
    time.slice(11, 19),
    type.padEnd(13),
    money.padStart(14),
    score.padEnd(6),
  ].join(' ')
  const codes = [...new Set(decision.reasons.map((reason) => reason.code))]
  const line = `${head}  ${fitList(codes, terminal.width - head.length - 2)}`
  return terminal.colour ? `${COLOUR[decision.action]}${line}${RESET}` : line
}

export interface Summary {
  readonly eventsPerSecond: number
  readonly byAction: Readonly<Record<Action, number>>
  readonly rejected: number
  /** Milliseconds from arrival in the processor to the committed decision. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Simulated payments whose truth is known; absent without the simulator. */
  readonly truth?: {
    readonly fraud: number
    readonly flaggedFraud: number
    readonly genuine: number
    readonly flaggedGenuine: number
  }
}

/** One line about the time since the last summary; the truth, where known, is since the start. */
export function summaryLine(summary: Summary, terminal: Terminal): string {
  const actions = ACTIONS.map((action) => `${action} ${summary.byAction[action]}`).join(' · ')
  const parts = [
    `${Math.round(summary.eventsPerSecond)} events/s`,
    actions,
    `p50 ${milliseconds(summary.p50Ms)} p99 ${milliseconds(summary.p99Ms)}`,
  ]
  if (summary.rejected > 0) parts.push(`rejected ${summary.rejected}`)
  if (summary.truth !== undefined) {
    const { fraud, flaggedFraud, genuine, flaggedGenuine } = summary.truth
    parts.push(`flagged: fraud ${flaggedFraud}/${fraud} · genuine ${flaggedGenuine}/${genuine}`)
  }
  const text = wrap(parts, terminal.width)
  return terminal.colour ? `${DIM}${text}${RESET}` : text
}

/** The smallest value that at least `q` of the sorted values do not exceed; NaN when there is none. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN
}

function milliseconds(ms: number): string {
  return Number.isNaN(ms) ? '–' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

function fitList(items: readonly string[], width: number): string {
  const all = items.join(', ')
  if (all.length <= width) return all
  let kept = items.length - 1
  while (kept > 1 && `${items.slice(0, kept).join(', ')} +${items.length - kept}`.length > width) kept--
  return `${items.slice(0, kept).join(', ')} +${items.length - kept}`
}

/** Joins parts with separators, breaking between parts where a line would be longer than the width. */
function wrap(parts: readonly string[], width: number): string {
  const lines: string[] = []
  let line = ''
  for (const part of parts) {
    if (line === '') line = part
    else if (line.length + part.length + 3 <= width) line += ` | ${part}`
    else {
      lines.push(line)
      line = `  ${part}`
    }
  }
  return [...lines, line].join('\n')
}

/** Where the HTTP server is, and a line to try it with. */
export function welcome(address: string): string {
  return `
  metrics    ${address}/metrics
  health     ${address}/livez   ${address}/readyz
  decide     POST ${address}/v1/events

Try it, in another terminal:
  curl -s ${address}/v1/events -d '{"id":"try-1",
    "type":"authorisation","time":"'$(date -u +%FT%TZ)'",
    "amount":1999,"currency":"EUR","payer":{"account":"acc-1"},
    "instrument":{"type":"card","token":"tok-1"},
    "payee":{"merchant":"shop-1","country":"DE"},
    "device":{"id":"dev-1","ip":"192.0.2.7"}}'

Decisions that are not "allow" (Ctrl-C stops):
`
}
