// The report of rule tests for a terminal: a line for each test, what differs below it, totals at the end.
import type { CoverageReport } from '../rules/coverage.ts'
import type { Check, RuleTestReport, RuleTestResult } from '../rules/rule-tests.ts'
import type { Terminal } from './terminal-view.ts'
import { coloured, hanging, type TraceTextOptions, traceLines } from './trace-text.ts'

export interface ReportTextOptions extends Terminal {
  /** Whole traces; else only the parts that made a rule fire or not. */
  readonly trace: boolean
  /** List what no test made true or false. */
  readonly coverage: boolean
  /** Hash of the rule set. */
  readonly hash: string
}

const NAME_AT = 19

export function reportText(report: RuleTestReport, options: ReportTextOptions): string {
  const lines: string[] = []
  let file = ''
  for (const result of report.results) {
    const [inFile = ''] = result.location.split(':')
    if (inFile !== file) lines.push(inFile)
    file = inFile
    lines.push(...resultLines(result, options))
  }
  for (const { rule, missing } of report.untested) {
    const what =
      missing === 'fires'
        ? 'fires (name its reason, or its id under "fires")'
        : 'does not fire (its id under "silent")'
    lines.push(
      ...hanging(
        `${coloured('FAIL', 'red', options)} `,
        5,
        `${rule}: no test shows that it ${what}`,
        options,
      ),
    )
  }
  if (report.results.length === 0) lines.push('FAIL there are no tests: put a *.test.yaml beside the rules')
  lines.push(...coverageLines(report.coverage, options))
  const failed = report.results.filter((result) => !result.passed).length
  const totals = [
    `${report.results.length - failed} passed`,
    `${failed} failed`,
    ...(report.untested.length === 0 ? [] : [`${report.untested.length} missing`]),
    coverageTotal(report.coverage),
  ]
  lines.push(...hanging('', 0, totals.join(', '), options), coloured(options.hash, 'dim', options))
  return `${lines.join('\n')}\n`
}

function resultLines(
  { name, location, passed, durationMs, checks }: RuleTestResult,
  options: ReportTextOptions,
) {
  const verdict = passed ? coloured('PASS', 'green', options) : coloured('FAIL', 'red', options)
  const time = coloured(`${durationMs.toFixed(1)} ms`.padStart(9), 'dim', options)
  const lines = hanging(`  ${verdict} ${time}   `, NAME_AT, name, options)
  if (passed) return lines
  const failed = checks.filter(({ failures }) => failures.length > 0)
  return [...lines, `       ${location}`, ...failed.flatMap((check) => checkLines(check, options))]
}

function checkLines({ at, failures, traces }: Check, options: ReportTextOptions): string[] {
  const text: TraceTextOptions = { ...options, all: options.trace }
  return [
    ...failures.flatMap((failure) => hanging('       ', 9, `at ${at}: ${failure}`, options)),
    ...traces.flatMap((trace) => traceLines(trace, 9, text)),
  ]
}

function coverageLines({ uncovered }: CoverageReport, options: ReportTextOptions): string[] {
  if (!options.coverage) return []
  let rule = ''
  return uncovered.flatMap((item) => {
    const head = item.rule === rule ? [] : [item.rule]
    rule = item.rule
    return [
      ...head,
      ...hanging('  ', 4, `never ${item.never}: ${item.source}`, options),
      `    ${coloured(item.place, 'dim', options)}`,
    ]
  })
}

function coverageTotal({ outcomes, seen }: CoverageReport): string {
  const percent = outcomes === 0 ? 100 : Math.floor((100 * seen) / outcomes)
  return `${seen} of ${outcomes} outcomes of conditions seen (${percent} %)`
}
