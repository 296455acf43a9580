// argv → command. The only place with process.exit.
import { Command, CommanderError } from 'commander'
import { deadLettersCommand } from './cli/dead-letters.ts'
import { EXIT, exitCodeOf } from './cli/exit-codes.ts'
import { inspectCommand } from './cli/inspect.ts'
import { listsCommand } from './cli/lists.ts'
import { VERSION } from './cli/process-host.ts'
import { backtestCommand } from './cli/backtest.ts'
import { evaluateCommand } from './cli/evaluate.ts'
import { importCommand } from './cli/import.ts'
import { modelsCommand } from './cli/models.ts'
import { rebuildCommand } from './cli/rebuild.ts'
import { rulesCommand } from './cli/rules.ts'
import { runCommand } from './cli/run.ts'
import { simulateCommand } from './cli/simulate.ts'
import { startCommand } from './cli/start.ts'
import { topicsCommand } from './cli/topics.ts'
import { trainCommand } from './cli/train.ts'
import { AppError } from './errors.ts'

const program = new Command('paysentry')
  .description('Real-time payment-fraud monitor: Kafka in, an explained decision out')
  .version(VERSION)
  .showSuggestionAfterError()
  .showHelpAfterError('(paysentry --help shows every command)')
  .exitOverride()

const commands = [
  startCommand(),
  runCommand(),
  topicsCommand(),
  simulateCommand(),
  importCommand(),
  deadLettersCommand(),
  rulesCommand(),
  listsCommand(),
  trainCommand(),
  evaluateCommand(),
  modelsCommand(),
  inspectCommand(),
  rebuildCommand(),
  backtestCommand(),
]
for (const command of commands) {
  command.copyInheritedSettings(program)
  for (const subcommand of command.commands) subcommand.copyInheritedSettings(program)
  program.addCommand(command)
}

try {
  await program.parseAsync()
  end(Number(process.exitCode ?? EXIT.ok))
} catch (error) {
  if (error instanceof CommanderError) end(error.exitCode === 0 ? EXIT.ok : EXIT.unusable)
  else {
    process.stderr.write(`${describe(error)}\n`)
    end(exitCodeOf(error))
  }
}

/** Exits once a pipe that reads our output has all of it. */
function end(code: number): void {
  process.stdout.write('', () => process.exit(code))
}

/** The error with what caused it, one a line; the stack only of what nobody foresaw. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const foreseen = error instanceof AppError && error.code !== 'UNEXPECTED'
  const because = error.cause instanceof Error ? error.cause.message : ''
  const cause = because === '' ? '' : `\n  caused by ${because}`
  return foreseen ? `paysentry: ${error.message}${cause}` : (error.stack ?? error.message)
}
