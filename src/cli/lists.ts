// `paysentry lists`: puts values on the lists that rules ask, takes them off, shows them. Every running processor has a change
// within a second; one that starts reads all of it before it decides.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import type { Config } from '../config.ts'
import { controlRecord, type ListEntry, listKey } from '../control/control-record.ts'
import { AppError } from '../errors.ts'
import type { OutputRecord } from '../log/event-log.ts'
import { suggestion } from '../nearest.ts'
import { loadListDeclarations } from '../rules/list-file.ts'
import { listItems } from '../rules/list-store.ts'
import { isIdentifier, type ListDeclaration } from '../rules/lists.ts'
import { createPseudonymiser } from '../velocity/pseudonym.ts'
import { type ControlAccess, withControl } from './control-access.ts'
import { EXIT } from './exit-codes.ts'
import { parseExpiry, parseListLine, valueProblem } from './list-lines.ts'
import { entriesOf, listTable } from './list-table.ts'
import { configOfProcess, now } from './process-host.ts'
import { progressTo } from './progress.ts'

const IMPORT_CHUNK = 2_000
const SHOWN_PROBLEMS = 20

interface CommonOptions {
  readonly config?: string
  readonly author?: string
}
interface AddOptions extends CommonOptions {
  readonly reason: string
  readonly expires: string
}

export function listsCommand(): Command {
  const command = new Command('lists').description('Keep the lists that rules ask, such as accounts of mules')
  const sub = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('--config <file>', 'configuration file (YAML)')
      .option('--author <name>', 'who does it; the user of this machine if absent')
  const expires: [string, string, string] = [
    '--expires <when>',
    'event time from which on it no longer counts: 2026-06-01, 2026-06-01T12:00:00Z, 90d or never',
    'never',
  ]
  sub('add <list> <values...>', 'Put values on a list, or change their reason and expiry')
    .requiredOption('--reason <text>', 'why; names no person')
    .option(...expires)
    .action(add)
  sub('remove <list> <values...>', 'Take values off a list').action(remove)
  sub(
    'import <list> <file>',
    'Put the values of a file on a list: a line each, "value" or "value,expires,reason"',
  )
    .requiredOption('--reason <text>', 'why, for lines without a reason')
    .option(...expires)
    .action(importFile)
  sub('show [list]', 'Show the lists, or the entries of one')
    .option('--json', 'print the result as JSON')
    .action(show)
  return command
}

async function add(name: string, values: readonly string[], options: AddOptions): Promise<void> {
  const { config, declaration, keyOf } = open(name, options)
  const problems = values.flatMap((value) => valueProblem(value, declaration.holds) ?? [])
  if (problems.length > 0) throw new AppError('CONFIG_INVALID', `nothing was put on ${name}`, { problems })
  const expires = expiryOption(options.expires)
  await withControl(config, async ({ log, topic, signed }) => {
    const entry: ListEntry = { expires, reason: options.reason, ...signed(options.author) }
    await log.produce(values.map((value) => controlRecord(topic, keyOf(value), entry)))
  })
  process.stdout.write(`${values.length} put on ${name}\n`)
}

async function remove(name: string, values: readonly string[], options: CommonOptions): Promise<void> {
  const { config, keyOf } = open(name, options)
  await withControl(config, ({ log, topic }) =>
    log.produce(values.map((value) => controlRecord(topic, keyOf(value), null))),
  )
  process.stdout.write(`${values.length} taken off ${name}\n`)
}

async function importFile(name: string, file: string, options: AddOptions): Promise<void> {
  const { config, declaration, keyOf } = open(name, options)
  const expires = expiryOption(options.expires)
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new AppError('CONFIG_INVALID', `${file} cannot be read`, { cause })
  })
  const problems: string[] = []
  const count = await withControl(config, async ({ log, topic, signed }: ControlAccess) => {
    const progress = progressTo(process.stderr, `Importing into ${name}`)
    const by = signed(options.author)
    const stream = createReadStream(file)
    let chunk: OutputRecord[] = []
    let done = 0
    let lineNumber = 0
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      lineNumber++
      const parsed = parseListLine(line, declaration.holds, now())
      if (parsed === null) continue
      if ('problem' in parsed) {
        problems.push(`${file}:${lineNumber} ${parsed.problem}.`)
        continue
      }
      const until = parsed.expires === undefined ? expires : parsed.expires
      const entry: ListEntry = { expires: until, reason: parsed.reason ?? options.reason, ...by }
      chunk.push(controlRecord(topic, keyOf(parsed.value), entry))
      if (chunk.length < IMPORT_CHUNK) continue
      await log.produce(chunk)
      done += chunk.length
      chunk = []
      progress(Math.min(stream.bytesRead, size - 1), size)
    }
    await log.produce(chunk)
    progress(size, size)
    return done + chunk.length
  })
  process.stdout.write(`${count} put on ${name}, ${problems.length} lines left out\n`)
  for (const problem of problems.slice(0, SHOWN_PROBLEMS)) process.stderr.write(`${problem}\n`)
  if (problems.length > SHOWN_PROBLEMS) {
    process.stderr.write(`and ${problems.length - SHOWN_PROBLEMS} more\n`)
  }
  if (problems.length > 0) process.exitCode = EXIT.failed
}

async function show(name: string | undefined, options: CommonOptions & { json?: boolean }): Promise<void> {
  const config = configOfProcess(options.config)
  const declared = loadListDeclarations(config.rules.dir)
  if (name !== undefined) requireList(declared, name, config.rules.dir)
  const entries = await withControl(config, async ({ read }) => entriesOf(await read(), name))
  const text =
    options.json === true
      ? `${JSON.stringify(entries, null, 2)}\n`
      : listTable(declared, entries, name, now())
  process.stdout.write(text)
}

interface OpenList {
  readonly config: Config
  readonly declaration: ListDeclaration
  /** The key of a value in clear. */
  readonly keyOf: (value: string) => string
}

function open(name: string, options: CommonOptions): OpenList {
  const config = configOfProcess(options.config)
  const declaration = requireList(loadListDeclarations(config.rules.dir), name, config.rules.dir)
  const { holds } = declaration
  if (isIdentifier(holds) && config.privacy.pseudonymKey === '') {
    const detail = `${name} holds identifiers, which are kept as pseudonyms: privacy.pseudonymKey must be that of the processors`
    throw new AppError('CONFIG_INVALID', detail)
  }
  const itemOf = listItems(createPseudonymiser(config.privacy.pseudonymKey || '00'.repeat(16)))
  return { config, declaration, keyOf: (value) => listKey({ list: name, holds, item: itemOf(holds, value) }) }
}

function requireList(declared: readonly ListDeclaration[], name: string, dir: string): ListDeclaration {
  const declaration = declared.find((list) => list.name === name)
  if (declaration !== undefined) return declaration
  const help = suggestion(
    name,
    declared.map((list) => list.name),
  )
  throw new AppError('CONFIG_INVALID', `${dir}/lists.yaml declares no list "${name}".${help}`)
}

function expiryOption(text: string): string | null {
  const expires = parseExpiry(text, now())
  if (typeof expires !== 'object' || expires === null) return expires
  throw new AppError('CONFIG_INVALID', `--expires: ${expires.problem}`)
}
