// `paysentry import`: a labelled data set as payment events and labels, to Kafka or to a file.
import { createReadStream, createWriteStream, statSync } from 'node:fs'
import { Command } from 'commander'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import { importRows, type ImportResult } from '../import/import-rows.ts'
import { createMessageCheck } from '../import/message-check.ts'
import { loadMapping, type Mapping, tokenises } from '../import/mapping.ts'
import { createReport } from '../import/report.ts'
import { readRows } from '../import/rows.ts'
import { createTokeniser } from '../import/token.ts'
import { loadRates } from '../payment/rates.ts'
import { EXIT } from './exit-codes.ts'
import { abortOnSignal, configOfProcess } from './process-host.ts'
import { progressTo } from './progress.ts'
import { openTarget } from './target.ts'

interface ImportCommandOptions {
  readonly mapping: string
  readonly to: string
  readonly rejects?: string
  readonly config?: string
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('Turn a labelled CSV or JSON Lines file into payment events and labels')
    .argument('<file>', 'the data set')
    .requiredOption('--mapping <file>', 'which column becomes which field (YAML; docs/import.md)')
    .option('--to <target>', '"kafka", "stdout", or a file to write as JSON Lines', 'kafka')
    .option('--rejects <file>', 'write line, reason and detail of every rejected row, as JSON Lines')
    .option('--config <file>', 'configuration file (YAML)')
  return command.action((file: string, options: ImportCommandOptions) => importFile(command, file, options))
}

async function importFile(command: Command, file: string, options: ImportCommandOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const mapping = loadMapping(options.mapping)
  const tokenOf = tokeniserOf(config, mapping)
  const bytes = sizeOf(file)
  const stop = new AbortController()
  const target = openTarget(command, options, () => stop.abort())
  const rejects = options.rejects === undefined ? null : createWriteStream(options.rejects)
  const report = createReport()
  const progress = progressTo(process.stderr, `Importing ${file}`)
  const input = createReadStream(file)
  const ignoreSignals = abortOnSignal(stop)
  let result: ImportResult
  try {
    result = await importRows({
      rows: readRows(input, mapping),
      mapping,
      topics: target.topics,
      tokenOf,
      check: createMessageCheck({
        topics: target.topics,
        rates: loadRates(config.money.ratesFile),
        maxMessageBytes: config.limits.maxMessageBytes,
      }),
      send: target.send,
      onRejected(rejected) {
        report.add(rejected)
        rejects?.write(`${JSON.stringify(rejected)}\n`)
      },
      onProgress: () => progress(input.bytesRead, bytes),
      signal: stop.signal,
    })
  } finally {
    ignoreSignals()
    rejects?.end()
    await target.close()
  }
  for (const line of report.lines(result)) process.stderr.write(`${line}\n`)
  if (stop.signal.aborted) process.stderr.write('stopped before the end of the file\n')
  if (result.events === 0) process.exitCode = EXIT.failed
}

function tokeniserOf(config: Config, mapping: Mapping): (id: string) => string {
  const key = config.privacy.pseudonymKey
  if (key !== '') return createTokeniser(key)
  if (!tokenises(mapping)) return (id) => id
  throw new AppError(
    'CONFIG_INVALID',
    'the mapping asks for tokens, which need privacy.pseudonymKey: set PAYSENTRY_PRIVACY_PSEUDONYM_KEY to what "openssl rand -hex 16" prints, and keep it',
  )
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `the file ${file} cannot be read`, { cause: error })
  }
}
