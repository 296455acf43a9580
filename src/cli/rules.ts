// `paysentry rules`: checks rule files and runs the tests beside them.
import { Command } from 'commander'
import { loadConfig } from '../config.ts'
import { loadRates } from '../payment/rates.ts'
import { loadRules } from '../rules/load-rules.ts'
import { loadRuleTests } from '../rules/rule-test-file.ts'
import { type Check, type Explanation, runRuleTests, type RuleTestReport } from '../rules/rule-tests.ts'
import { createWindowSet } from '../velocity/window.ts'
import { EXIT } from './exit-codes.ts'

interface CheckOptions {
  readonly dir?: string
  readonly config?: string
  readonly json?: boolean
  readonly strict?: boolean
}

/** The command `rules` with `check`: exit code 1 when a test fails or is missing, 2 when a file is not usable. */
export function rulesCommand(): Command {
  const command = new Command('rules').description('Check rules')
  command
    .command('check')
    .description('Load every rule file, and run the tests beside them (*.test.yaml)')
    .option('--dir <folder>', 'folder of the rule files; the setting rules.dir if absent')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as JSON')
    .option('--strict', 'fail on warnings, too')
    .action(async (options: CheckOptions) => {
      const { report, hash, warnings } = await checkRules(options)
      const text =
        options.json === true
          ? `${JSON.stringify({ hash, warnings, ...report }, null, 2)}\n`
          : warningText(warnings) + reportText(report, hash)
      process.stdout.write(text)
      const isRefused = options.strict === true && warnings.length > 0
      if (!report.passed || isRefused) process.exitCode = EXIT.failed
    })
  return command
}

async function checkRules(options: CheckOptions): Promise<{
  report: RuleTestReport
  hash: string
  warnings: readonly string[]
}> {
  // oxlint-disable-next-line node/no-process-env -- the command line is where the environment comes in
  const config = loadConfig({ file: options.config ?? process.env['PAYSENTRY_CONFIG'], env: process.env })
  const dir = options.dir ?? config.rules.dir
  const horizons = config.velocity
  const rates = loadRates(config.money.ratesFile)
  const windows = createWindowSet()
  const warnings: string[] = []
  const onWarning = (warning: string): void => void warnings.push(warning)
  const rules = loadRules(dir, { windows, horizons, onWarning })
  const tests = loadRuleTests(dir, rules, rates.base)
  const clock = (): number => performance.now()
  return {
    report: await runRuleTests(tests, { rules, windows, rates, horizons, clock }),
    hash: rules.hash,
    warnings,
  }
}

function warningText(warnings: readonly string[]): string {
  return warnings.map((warning) => `WARN ${warning}\n`).join('')
}

/** The report for a terminal: a line for each test, what differs below it, totals at the end. */
export function reportText(report: RuleTestReport, hash: string): string {
  const lines: string[] = []
  let file = ''
  for (const { name, location, passed, durationMs, checks } of report.results) {
    const [inFile = ''] = location.split(':')
    if (inFile !== file) lines.push(inFile)
    file = inFile
    lines.push(`  ${passed ? 'PASS' : 'FAIL'} ${name} (${durationMs.toFixed(1)} ms)`)
    if (passed) continue
    lines.push(`       ${location}`)
    for (const check of checks) if (check.failures.length > 0) lines.push(...checkLines(check))
  }
  for (const { rule, missing } of report.untested) {
    const what =
      missing === 'fires'
        ? 'fires (name its reason, or its id under "fires")'
        : 'does not fire (its id under "silent")'
    lines.push(`FAIL ${rule}: no test shows that it ${what}`)
  }
  const failed = report.results.filter((result) => !result.passed).length
  if (report.results.length === 0) lines.push('FAIL there are no tests: put a *.test.yaml beside the rules')
  lines.push(
    `${report.results.length - failed} passed, ${failed} failed, ${report.untested.length} missing, ${hash}`,
  )
  return `${lines.join('\n')}\n`
}

function checkLines({ at, failures, explanations }: Check): string[] {
  return [
    ...failures.map((failure) => `       at ${at}: ${failure}`),
    ...explanations.flatMap(explanationLines),
  ]
}

function explanationLines({ rule, fired, acts, conditions }: Explanation): string[] {
  const verdict = fired ? `fired${acts ? '' : ' without acting'}` : 'did not fire'
  const lines = conditions.map(({ source, holds, terms }) => {
    const values = terms.map(
      (term) => `${term.source} = ${term.value === null ? 'unknown' : JSON.stringify(term.value)}`,
    )
    return `           ${holds ? '+' : '-'} ${source}${values.length === 0 ? '' : `   [${values.join(', ')}]`}`
  })
  return [`         ${rule} ${verdict}`, ...lines]
}
