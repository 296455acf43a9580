// `paysentry rules keygen|publish|activate|rollback|status`: signed rule sets over the control topic, so that every processor with
// `rules.source: control` switches to the same one.
import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Activations, createActivations, signActivation } from '../control/activations.ts'
import {
  type BundleContent,
  bundleContent,
  generateSigningKey,
  openBundle,
  packBundle,
} from '../control/bundle.ts'
import {
  ACTIVATION_KEY,
  type ControlChange,
  controlRecord,
  type RuleBundle,
  ruleSetKey,
} from '../control/control-record.ts'
import { AppError } from '../errors.ts'
import { loadRates } from '../payment/rates.ts'
import { filesIn, loadRules } from '../rules/load-rules.ts'
import { createTestLists } from '../rules/test-lists.ts'
import { loadRuleTests } from '../rules/rule-test-file.ts'
import { runRuleTests } from '../rules/rule-tests.ts'
import { createWindowSet } from '../velocity/window.ts'
import type { Config } from '../config.ts'
import { type ControlAccess, readKey, withControl } from './control-access.ts'
import { table } from './list-table.ts'
import { configOfProcess } from './process-host.ts'

interface CommonOptions {
  readonly config?: string
  readonly author?: string
}
interface ActivateOptions extends CommonOptions {
  readonly key: string
}
interface PublishOptions extends ActivateOptions {
  readonly dir?: string
  readonly activate?: boolean
}

/** Adds the subcommands to `rules`. */
export function addPublishCommands(rules: Command): void {
  const sub = (name: string, description: string) =>
    rules.command(name).description(description).option('--config <file>', 'configuration file (YAML)')
  const author: [string, string] = ['--author <name>', 'who does it; the user of this machine if absent']
  rules
    .command('keygen')
    .description(
      'Make a key to sign rule sets with: the private key goes into a file, the public one is printed',
    )
    .requiredOption('--out <file>', 'file of the private key; it must not exist yet')
    .action(keygen)
  sub('publish', 'Check the rules folder, run its tests, sign it and publish it')
    .requiredOption('--key <file>', 'private key, from "rules keygen"')
    .option('--dir <folder>', 'folder of the rule files; the setting rules.dir if absent')
    .option('--activate', 'let it decide from now on')
    .option(...author)
    .action(publish)
  const key: [string, string] = ['--key <file>', 'private key, from "rules keygen"']
  sub('activate <hash>', 'Let a published rule set decide; the first digits of its hash are enough')
    .requiredOption(...key)
    .option(...author)
    .action(activate)
  sub(
    'rollback [hash]',
    'Go back to an earlier published rule set; to the one before the active one if absent',
  )
    .requiredOption(...key)
    .option(...author)
    .action(rollback)
  sub('status', 'Show the published rule sets, which one is active, and who did it when').action(status)
}

function keygen({ out }: { readonly out: string }): void {
  const { privateKeyPem, publicKey } = generateSigningKey()
  try {
    writeFileSync(out, privateKeyPem, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw new AppError('CONFIG_INVALID', `${out} cannot be written; it must not exist yet`, { cause })
  }
  process.stdout.write(`${publicKey}\n`)
  process.stderr.write(`The private key is in ${out}; put the line above into rules.publicKeys\n`)
}

async function publish(options: PublishOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const content = await checkedContent(config, options.dir ?? config.rules.dir)
  const pem = readKey(options.key)
  const packed = packBundle(content, pem)
  const hash = content.ruleSet
  await withControl(config, async (access) => {
    const record: RuleBundle = { ...packed, ...access.signed(options.author) }
    // Before it is published: what no processor would take must not become the active rule set.
    if (config.rules.publicKeys.length > 0) openBundle(hash, record, config.rules.publicKeys)
    await access.log.produce([controlRecord(access.topic, ruleSetKey(hash), record)])
    process.stdout.write(`published ${hash} (${packed.bundle.length} bytes)\n`)
    if (options.activate === true) {
      await activateHash(
        { access, pem, author: options.author },
        hash,
        published(await access.read(), config),
      )
    }
  })
}

/** The rule set of the folder. Throws RULES_INVALID for a problem in a file and for tests that fail or are missing. */
async function checkedContent(config: Config, dir: string): Promise<BundleContent> {
  const horizons = config.velocity
  const rates = loadRates(config.money.ratesFile)
  const windows = createWindowSet()
  const lists = createTestLists()
  const rules = loadRules(dir, { windows, horizons, hasEntry: lists.has })
  const tests = loadRuleTests(dir, rules, rates.base)
  const clock = (): number => performance.now()
  const report = await runRuleTests(tests, { rules, lists, windows, rates, horizons, clock })
  if (!report.passed) {
    throw new AppError(
      'RULES_INVALID',
      `tests in ${dir} fail or are missing; "paysentry rules check" shows which`,
    )
  }
  return bundleContent(rules.hash, filesIn(dir, 'rules'))
}

async function activate(hash: string, options: ActivateOptions): Promise<void> {
  const pem = readKey(options.key)
  const config = configOfProcess(options.config)
  await withControl(config, async (access) => {
    const state = published(await access.read(), config)
    await activateHash({ access, pem, author: options.author }, fullHash(hash, state), state)
  })
}

async function rollback(hash: string | undefined, options: ActivateOptions): Promise<void> {
  const pem = readKey(options.key)
  const config = configOfProcess(options.config)
  await withControl(config, async (access) => {
    const state = published(await access.read(), config)
    const wanted = hash ?? state.activations.current()?.previous
    if (wanted === undefined || wanted === null) {
      throw new AppError(
        'CONFIG_INVALID',
        'no rule set was active before; name one of "paysentry rules status"',
      )
    }
    await activateHash({ access, pem, author: options.author }, fullHash(wanted, state), state)
  })
}

interface Signer {
  readonly access: ControlAccess
  /** The private key. */
  readonly pem: string
  readonly author: string | undefined
}

/** Throws BUNDLE_REFUSED when no processor with these settings would take it. */
async function activateHash(
  { access, pem, author }: Signer,
  ruleSet: string,
  { activations }: Published,
): Promise<void> {
  const before = activations.current()
  const previous = before?.ruleSet === ruleSet ? before.previous : (before?.ruleSet ?? null)
  const record = signActivation({ ruleSet, previous, ...access.signed(author) }, before, pem)
  const problem = activations.take(record)
  if (problem !== null) throw new AppError('BUNDLE_REFUSED', problem)
  await access.log.produce([controlRecord(access.topic, ACTIVATION_KEY, record)])
  process.stdout.write(`${ruleSet} decides from here on where rules.source is "control"\n`)
}

async function status(options: CommonOptions): Promise<void> {
  const config = configOfProcess(options.config)
  const { bundles, activations } = await withControl(config, async ({ read }) =>
    published(await read(), config),
  )
  const activation = activations.current()
  const refused = activations.refused()
  const rows = [...bundles].map(([hash, bundle]) => [
    hash,
    hash === activation?.ruleSet ? 'active' : hash === activation?.previous ? 'before' : '',
    signatureState(hash, bundle, config),
    bundle.at,
    bundle.author,
  ])
  process.stdout.write(table(['RULE SET', 'STATE', 'SIGNATURE', 'PUBLISHED', 'BY'], rows))
  process.stdout.write(
    activation === null
      ? 'Nothing is activated: the rules folder decides\n'
      : `${activation.ruleSet} was activated by ${activation.author} at ${activation.at}\n`,
  )
  if (refused !== null) process.stdout.write(`Refused: ${refused}\n`)
}

function signatureState(hash: string, bundle: RuleBundle, { rules }: Config): string {
  if (rules.publicKeys.length === 0) return 'not checked'
  try {
    openBundle(hash, bundle, rules.publicKeys)
    return 'good'
  } catch (error) {
    if (error instanceof AppError && error.code === 'BUNDLE_REFUSED') return 'refused'
    throw error
  }
}

interface Published {
  readonly bundles: ReadonlyMap<string, RuleBundle>
  readonly activations: Activations
}

function published(changes: readonly ControlChange[], { rules }: Config): Published {
  const bundles = new Map<string, RuleBundle>()
  const activations = createActivations(rules.publicKeys)
  for (const change of changes) {
    if (change.kind === 'activation') activations.take(change.activation)
    if (change.kind !== 'ruleset') continue
    if (change.bundle === null) bundles.delete(change.hash)
    else bundles.set(change.hash, change.bundle)
  }
  return { bundles, activations }
}

/** The one published rule set whose hash begins so, with or without `sha256:`. Throws CONFIG_INVALID. */
function fullHash(start: string, { bundles }: Published): string {
  const digits = start.startsWith('sha256:') ? start : `sha256:${start}`
  const found = [...bundles.keys()].filter((hash) => hash.startsWith(digits))
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  const why = found.length === 0 ? 'no published rule set begins so' : `${found.length} rule sets begin so`
  throw new AppError('CONFIG_INVALID', `"${start}": ${why}; "paysentry rules status" lists them`)
}
