// Why one event was decided as it was, for a terminal. Pure text.
import type { Explained } from '../backtest/explain.ts'
import type { Decision } from '../decision/decision.ts'
import type { RuleTrace } from '../rules/trace.ts'
import type { Terminal } from './terminal-view.ts'
import { coloured, hanging, traceLines, type TraceTextOptions } from './trace-text.ts'

export interface ExplainTextOptions extends Terminal {
  /** Rules that did not fire too. */
  readonly all: boolean
  /** Every part of the conditions; else those that made them what they are. */
  readonly trace: boolean
}

const FIGURES_AT = 12

export function explainText(explained: Explained, options: ExplainTextOptions): string {
  const { decision, traces, rejected } = explained
  if (decision === null) {
    const lines = hanging('DEAD LETTER ', FIGURES_AT, `${rejected.code}: ${rejected.message}`, options)
    return `${lines.join('\n')}\n`
  }
  const fired = traces.filter((trace) => trace.fired)
  const silent = traces.filter((trace) => !trace.fired)
  const lines = [
    ...decisionLines(decision, options),
    '',
    `${fired.length} of ${traces.length} rules fired`,
    ...fired.flatMap((trace) => ruleLines(trace, options)),
    ...(options.all ? ['', ...silent.flatMap((trace) => ruleLines(trace, options))] : []),
  ]
  return `${lines.join('\n')}\n`
}

function decisionLines(decision: Decision, options: Terminal): string[] {
  const line = (lead: string, text: string): string[] =>
    hanging(lead.padEnd(FIGURES_AT), FIGURES_AT, text, options)
  const { action, event, time, reasons, shadow, score, degraded, versions } = decision
  const colour = action === 'allow' ? 'green' : 'red'
  return [
    `${coloured(action.toUpperCase().padEnd(FIGURES_AT - 1), colour, options)} ${event}  ${time}`,
    ...reasons.flatMap(({ code, text }, i) => line(i === 0 ? 'because' : '', `${code}: ${text}`)),
    ...(shadow.length === 0
      ? []
      : line('in shadow', shadow.map((rule) => `${rule.rule} (${rule.action ?? 'weight'})`).join(', '))),
    ...line('score', score === null ? 'none' : score.value.toFixed(4)),
    ...(score?.contributions ?? []).flatMap(({ feature, value, usual, usualOf, share }) =>
      line(
        '',
        `${Math.round(100 * share)} % ${feature} = ${value ?? 'unknown'}, usually ${usual} ${usualOf === 'entity' ? 'for it' : 'for all'}`,
      ),
    ),
    ...(degraded.length === 0 ? [] : line('without', degraded.join(', '))),
    ...line(
      'versions',
      `rules ${versions.ruleSet.slice(0, 19)}, model ${versions.model ?? 'none'}, rates ${versions.rates}`,
    ),
  ]
}

function ruleLines(trace: RuleTrace, options: ExplainTextOptions): string[] {
  const text: TraceTextOptions = { ...options, all: options.trace }
  return traceLines(trace, 2, text)
}
