// `paysentry rules`: checks rule files and runs the tests beside them.
import { basename } from 'node:path'
import { Command } from 'commander'
import { AppError } from '../errors.ts'
import { suggestion } from '../nearest.ts'
import { loadRates, type Rates } from '../payment/rates.ts'
import { loadRules } from '../rules/load-rules.ts'
import type { RuleSet } from '../rules/rule-set.ts'
import { loadRuleTests, type RuleTest } from '../rules/rule-test-file.ts'
import { type RuleTestReport, runRuleTests } from '../rules/rule-tests.ts'
import { createTestLists, type TestLists } from '../rules/test-lists.ts'
import type { Horizons } from '../velocity/grid.ts'
import { createWindowSet, type WindowSet } from '../velocity/window.ts'
import { EXIT } from './exit-codes.ts'
import { explainCommand } from './explain.ts'
import { configOfProcess, terminalOf } from './process-host.ts'
import { reportText } from './rule-tests-text.ts'
import { addBreakerCommands } from './rules-breaker.ts'
import { addPublishCommands } from './rules-publish.ts'

interface CheckOptions {
  readonly dir?: string
  readonly config?: string
  readonly json?: boolean
  readonly strict?: boolean
  readonly trace?: boolean
  readonly coverage?: boolean
}

interface TestOptions extends CheckOptions {
  readonly testName?: string
}

/** The command `rules`: exit code 1 when a test fails or is missing, 2 when a file is not usable or nothing is selected. */
export function rulesCommand(): Command {
  const command = new Command('rules').description('Check, test and explain rules')
  withOptions(command.command('check'))
    .description(
      'Load every rule file, run all tests, and fail for a rule that no test shows both to fire and not to',
    )
    .action(async (options: CheckOptions) => {
      const project = loadProject(options)
      print(project, await runTests(project, project.tests), options)
    })
  withOptions(command.command('test'))
    .description('Run the tests beside the rules (*.test.yaml), all or some')
    .argument('[files...]', 'only these files, such as card-testing')
    .option('-t, --test-name <text>', 'only tests whose name contains this')
    .action(async (files: string[], options: TestOptions) => {
      const project = loadProject(options)
      const tests = selectTests(project, files, options.testName)
      const report = await runTests(project, tests)
      const passed = report.results.every((result) => result.passed)
      print(project, { ...report, untested: [], passed }, options)
    })
  addPublishCommands(command)
  addBreakerCommands(command)
  return command.addCommand(explainCommand())
}

function withOptions(command: Command): Command {
  return command
    .option('--dir <folder>', 'folder of the rule files; the setting rules.dir if absent')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--trace', 'for a failure, show every part of the conditions')
    .option('--coverage', 'list the parts of conditions that no test made true, or false')
    .option('--json', 'print the result as JSON')
    .option('--strict', 'fail on warnings, too')
}

interface Project {
  readonly rules: RuleSet
  readonly lists: TestLists
  readonly tests: readonly RuleTest[]
  readonly dir: string
  readonly windows: WindowSet
  readonly rates: Rates
  readonly horizons: Horizons
  /** What is well-formed and probably not meant. */
  readonly warnings: readonly string[]
}

function loadProject(options: CheckOptions): Project {
  const config = configOfProcess(options.config)
  const dir = options.dir ?? config.rules.dir
  const horizons = config.velocity
  const rates = loadRates(config.money.ratesFile)
  const windows = createWindowSet()
  const warnings: string[] = []
  const lists = createTestLists()
  const onWarning = (warning: string): void => void warnings.push(warning)
  const rules = loadRules(dir, { windows, horizons, onWarning, hasEntry: lists.has })
  return {
    rules,
    lists,
    tests: loadRuleTests(dir, rules, rates.base),
    dir,
    windows,
    rates,
    horizons,
    warnings,
  }
}

function runTests(project: Project, tests: readonly RuleTest[]): Promise<RuleTestReport> {
  return runRuleTests(tests, { ...project, clock: () => performance.now() })
}

/** Throws RULES_INVALID for a file that is not there and for an empty selection: nothing ran must not look like all is well. */
function selectTests({ tests, dir }: Project, files: readonly string[], text = ''): RuleTest[] {
  const known = new Set(tests.map(fileOf))
  for (const file of files.map(stem)) {
    if (known.has(file)) continue
    throw new AppError(
      'RULES_INVALID',
      `${dir} holds no tests ${file}.test.yaml.${suggestion(file, known)} There are ${[...known].join(', ') || 'none'}.`,
    )
  }
  const wanted = new Set(files.map(stem))
  const selected = tests.filter(
    (test) =>
      (wanted.size === 0 || wanted.has(fileOf(test))) && test.name.toLowerCase().includes(text.toLowerCase()),
  )
  if (selected.length > 0) return selected
  const where = files.length === 0 ? dir : files.join(', ')
  throw new AppError(
    'RULES_INVALID',
    text === '' ? `there are no tests in ${where}` : `no test in ${where} has "${text}" in its name`,
  )
}

function fileOf({ location }: RuleTest): string {
  return stem(location.replace(/:\d+:\d+$/, ''))
}

function stem(path: string): string {
  return basename(path).replace(/(\.test)?\.ya?ml$/, '')
}

function print({ rules: { hash }, warnings }: Project, report: RuleTestReport, options: CheckOptions): void {
  const warned = warnings.map((warning) => `WARN ${warning}\n`).join('')
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ hash, warnings, ...report }, null, 2)}\n`
      : warned +
          reportText(report, {
            hash,
            trace: options.trace === true,
            coverage: options.coverage === true,
            ...terminalOf(process.stdout),
          }),
  )
  const isRefused = options.strict === true && warnings.length > 0
  if (!report.passed || isRefused) process.exitCode = EXIT.failed
}
