// `paysentry rules breaker list|lift`: the rules that the breaker has put into shadow, and letting them act again.
import type { Command } from 'commander'
import { breakerKey, type ControlChange, controlRecord, type Demotion } from '../control/control-record.ts'
import { AppError } from '../errors.ts'
import { suggestion } from '../nearest.ts'
import { withControl } from './control-access.ts'
import { table } from './list-table.ts'
import { configOfProcess } from './process-host.ts'

interface CommonOptions {
  readonly config?: string
}

/** Adds the subcommand to `rules`. */
export function addBreakerCommands(rules: Command): void {
  const breaker = rules
    .command('breaker')
    .description('Rules that stopped too many payments and were put into shadow')
  breaker
    .command('list')
    .description('Show them, with the figures')
    .option('--config <file>', 'configuration file (YAML)')
    .action(list)
  breaker
    .command('lift <rule>')
    .description('Let a rule act again; it is measured anew from then on')
    .option('--config <file>', 'configuration file (YAML)')
    .action(lift)
}

async function list(options: CommonOptions): Promise<void> {
  const demotions = await withControl(configOfProcess(options.config), async ({ read }) =>
    demotionsOf(await read()),
  )
  if (demotions.size === 0) process.stdout.write('No rule is demoted\n')
  else process.stdout.write(demotionTable(demotions))
}

async function lift(rule: string, options: CommonOptions): Promise<void> {
  await withControl(configOfProcess(options.config), async ({ log, topic, read }) => {
    const demotions = demotionsOf(await read())
    if (!demotions.has(rule)) {
      throw new AppError('CONFIG_INVALID', `"${rule}" is not demoted.${suggestion(rule, demotions.keys())}`)
    }
    await log.produce([controlRecord(topic, breakerKey(rule), null)])
  })
  process.stdout.write(`${rule} acts again\n`)
}

function demotionsOf(changes: readonly ControlChange[]): Map<string, Demotion> {
  const demotions = new Map<string, Demotion>()
  for (const change of changes) {
    if (change.kind !== 'breaker') continue
    if (change.demotion === null) demotions.delete(change.rule)
    else demotions.set(change.rule, change.demotion)
  }
  return demotions
}

function demotionTable(demotions: ReadonlyMap<string, Demotion>): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return table(
    ['RULE', 'STOPPED', 'OF EVENTS', 'SHARE', 'ALLOWED', 'SINCE'],
    [...demotions].map(([rule, { events, acted, share, at }]) => [
      rule,
      String(acted),
      String(events),
      percent(acted / events),
      percent(share),
      at,
    ]),
  )
}
