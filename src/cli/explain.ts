// `paysentry rules explain`: what would be decided about an event, and why.
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { Command } from 'commander'
import { explainEvent, type ExplainOptions } from '../backtest/explain.ts'
import { loadBacktestKnowledge } from '../backtest/load.ts'
import { AppError } from '../errors.ts'
import { EXIT } from './exit-codes.ts'
import { explainText } from './explain-text.ts'
import { configOfProcess, terminalOf } from './process-host.ts'

interface ExplainCommandOptions {
  readonly history?: string
  readonly id?: string
  readonly all?: boolean
  readonly trace?: boolean
  readonly json?: boolean
  readonly dir?: string
  readonly config?: string
}

/** Exit code 1 when the event would become a dead letter. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('Decide one event as a processor would, and show which parts of which rules made it so')
    .argument('[event]', 'file with one payment event as JSON; "-" for standard input')
    .option(
      '--history <file>',
      'recorded traffic (JSON Lines) that came before; without it the journals are empty',
    )
    .option('--id <event>', 'instead of a file: the id of an event in the history')
    .option('--all', 'show the rules that did not fire too')
    .option('--trace', 'show every part of the conditions')
    .option('--dir <folder>', 'folder of the rule files; the setting rules.dir if absent')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the decision and the traces as JSON')
    .action(explain)
}

async function explain(file: string | undefined, options: ExplainCommandOptions): Promise<void> {
  const subject = await subjectOf(file, options)
  const given = configOfProcess(options.config)
  const config = options.dir === undefined ? given : { ...given, rules: { ...given.rules, dir: options.dir } }
  const { knowledge } = await loadBacktestKnowledge(config, undefined)
  try {
    const explained = await explainEvent({
      knowledge,
      history: options.history ?? null,
      subject,
      horizons: config.velocity,
      cacheBytes: config.velocity.cacheBytes,
      maxMessageBytes: config.limits.maxMessageBytes,
      maxFutureSkewMs: config.velocity.maxFutureSkewMs,
    })
    if (explained === null) {
      throw new AppError(
        'RECORDING_INVALID',
        `${options.history} has no event ${options.id} that can be decided`,
      )
    }
    const { all = false, trace = false } = options
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(explained, null, 2)}\n`
        : explainText(explained, { ...terminalOf(process.stdout), all, trace }),
    )
    if (explained.rejected !== null) process.exitCode = EXIT.failed
  } finally {
    knowledge.scorer?.close()
  }
}

async function subjectOf(
  file: string | undefined,
  { id, history }: ExplainCommandOptions,
): Promise<ExplainOptions['subject']> {
  if ((file === undefined) === (id === undefined)) {
    throw new AppError('CONFIG_INVALID', 'name a file with the event, or --history FILE and --id EVENT')
  }
  if (id !== undefined) {
    if (history === undefined)
      throw new AppError('CONFIG_INVALID', '--id names an event of --history FILE; give both')
    return { id }
  }
  if (file === '-') return { message: await buffer(process.stdin) }
  try {
    return { message: readFileSync(file ?? '') }
  } catch (error) {
    throw new AppError('RECORDING_INVALID', `${file} cannot be read; name a file with one payment event`, {
      cause: error,
    })
  }
}
