// The trace of a rule as a tree that a person reads: what held, what did not, and the values that were read.
// Pure text: width, colour and how much to show are parameters.
import type { ConditionTrace, RuleTrace } from '../rules/trace.ts'
import { decidingParts } from '../rules/trace.ts'
import type { Terminal } from './terminal-view.ts'

export interface TraceTextOptions extends Terminal {
  /** Every part of the condition; else those that made it what it is. */
  readonly all: boolean
}

const JOINS = { all: 'all of', any: 'any of', not: 'not' } as const
const COLOUR = { green: '\u001b[32m', red: '\u001b[31m', dim: '\u001b[2m' } as const
const RESET = '\u001b[0m'

export function coloured(
  text: string,
  colour: keyof typeof COLOUR,
  terminal: Pick<Terminal, 'colour'>,
): string {
  return terminal.colour ? `${COLOUR[colour]}${text}${RESET}` : text
}

/** `burst did not fire  (rules/a.yaml:4:11)` and its condition below, each line at most as wide as the terminal where words allow it. */
export function traceLines(trace: RuleTrace, indent: number, options: TraceTextOptions): string[] {
  const { rule, fired, acts, place, condition } = trace
  const verdict = fired ? `fired${acts ? '' : ' without acting'}` : 'did not fire'
  const head = `${' '.repeat(indent)}${rule} ${verdict}  ${coloured(`(${place})`, 'dim', options)}`
  return [head, ...conditionLines(condition, indent + 2, options)]
}

function conditionLines(condition: ConditionTrace, indent: number, options: TraceTextOptions): string[] {
  const { joins, holds, source } = condition
  const mark = coloured(holds ? '✓' : '✗', holds ? 'green' : 'red', options)
  const margin = ' '.repeat(indent)
  if (joins === null) {
    const [first = '', ...more] = wrapped(source, indent + 2, options.width)
    const values = valuesOf(condition)
    const last = more.at(-1) ?? first
    const fits = indent + 2 + last.length + 3 + values.length <= options.width
    const lines = [`${margin}${mark} ${first}`, ...more.map((line) => `${margin}    ${line}`)]
    if (values === '') return lines
    if (fits) return [...lines.slice(0, -1), `${lines.at(-1)}   ${coloured(values, 'dim', options)}`]
    return [
      ...lines,
      ...wrapped(values, indent + 4, options.width).map(
        (line) => `${margin}    ${coloured(line, 'dim', options)}`,
      ),
    ]
  }
  const parts = options.all ? condition.parts : decidingParts(condition)
  const hidden = condition.parts.length - parts.length
  const other =
    hidden === 0 ? '' : coloured(` (${hidden} more ${holds ? 'did not' : 'held'})`, 'dim', options)
  return [
    `${margin}${mark} ${JOINS[joins]}${other}`,
    ...parts.flatMap((part) => conditionLines(part, indent + 2, options)),
  ]
}

function valuesOf({ terms }: ConditionTrace): string {
  return terms
    .map(({ source, value }) => `${source} = ${value === null ? 'unknown' : shownValue(value)}`)
    .join(', ')
}

/** Numbers as analysts write them: a mean has no use for seventeen digits. */
function shownValue(value: string | number | boolean): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(9))) : JSON.stringify(value)
}

/** The text in lines that fit between the indent and the width, broken at spaces; at least 20 columns wide. */
export function wrapped(text: string, indent: number, width: number): string[] {
  const room = Math.max(20, width - indent)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** `lead` and the text behind it; what does not fit goes on below, indented. */
export function hanging(lead: string, indent: number, text: string, { width }: Terminal): string[] {
  const [first = '', ...more] = wrapped(text, indent, width)
  return [`${lead}${first}`, ...more.map((line) => `${' '.repeat(indent)}${line}`)]
}
