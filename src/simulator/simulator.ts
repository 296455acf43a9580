// Simulated payment traffic with its truth: an endless stream of events and labels in the order of their arrival, purely a
// function of the options.
//
// It is made for demonstrations, tests and load. It shows the shapes that rules and windows look for, as their
// author imagines them; no real payment went into it. A score on this traffic proves nothing about real traffic: the fraud
// here is easier to find, its share is chosen, and a model that was trained on it has learned this program.
import { COUNTRIES_BY_WEIGHT } from './countries.ts'
import { createCustomers } from './customers.ts'
import { CAMPAIGNS, createDirector } from './director.ts'
import { createGenuineTraffic } from './genuine.ts'
import { newAccount } from './identifiers.ts'
import { createMerchants, MIN_MERCHANTS } from './merchants.ts'
import { createRandom } from './random.ts'
import { createRecorder, type SimulatedRecord } from './recorder.ts'

export type { SimulatedEvent, SimulatedLabel, SimulatedRecord } from './recorder.ts'

export interface SimulatorOptions {
  /** Whole number from 0 to 2^53 - 1. The same seed has the same people, cards and shops at any start. */
  readonly seed: number
  /** Epoch milliseconds from which people act; fractions are cut off. */
  readonly startMs: number
  /** Default 20,000; each makes about EVENTS_A_DAY. */
  readonly customers?: number
  /** Default 1,500, at least MIN_MERCHANTS. */
  readonly merchants?: number
  /** Fraudulent payments among all payments, declined ones included; default 0.004, from 0 to 0.5. */
  readonly fraudShare?: number
  /** From then on habits and campaigns shift, epoch milliseconds; default never. docs/simulator.md says how. */
  readonly driftFromMs?: number
  /** Names of the only campaigns to run, as in CAMPAIGN_NAMES; default all. */
  readonly campaigns?: readonly string[]
}

export interface Simulator {
  /** The next record by arrival. Records share objects with each other and with the simulator: do not change them. */
  next(): SimulatedRecord
  /** Records that are made and have not arrived yet: what memory holds beside the people. */
  waiting(): number
}

/** Events a customer a day on average, logins and OTPs included. */
export const EVENTS_A_DAY = 2.5
export const CAMPAIGN_NAMES: readonly string[] = CAMPAIGNS.map(({ name }) => name)
export const DEFAULT_CUSTOMERS = 20_000
export const DEFAULT_MERCHANTS = 1_500
export const DEFAULT_FRAUD_SHARE = 0.004
const MIN_CUSTOMERS = 10
const MULE_ACCOUNTS = 40

/** Throws RangeError that names the option which is out of bounds. */
export function createSimulator(options: SimulatorOptions): Simulator {
  const settings = checked(options)
  const random = createRandom(settings.seed, 3)
  const scene = {
    random,
    customers: createCustomers(settings.seed, settings.customers),
    merchants: createMerchants(settings.seed, settings.merchants),
    recorder: createRecorder(settings.seed, runTag(settings)),
    driftFromMs: settings.driftFromMs,
    muleAccounts: Array.from({ length: MULE_ACCOUNTS }, () =>
      newAccount(random, random.pick(COUNTRIES_BY_WEIGHT)),
    ),
  }
  const { recorder } = scene
  const traffic = createGenuineTraffic(scene, settings.startMs)
  const direct = createDirector(scene, settings.fraudShare, settings.campaigns)
  return {
    next() {
      for (;;) {
        // Nobody who acts later can make a record that arrives before it: an event never arrives before its time.
        while (recorder.nextMs() > traffic.nextMs()) {
          const nowMs = traffic.nextMs()
          traffic.advance()
          direct(nowMs)
        }
        const record = recorder.take()
        if (record !== null) return record
      }
    },
    waiting: () => recorder.waiting(),
  }
}

function checked(options: SimulatorOptions) {
  const wanted = options.campaigns ?? CAMPAIGN_NAMES
  for (const name of wanted) {
    if (!CAMPAIGN_NAMES.includes(name)) {
      throw new RangeError(`campaigns has "${name}"; there are ${CAMPAIGN_NAMES.join(', ')}`)
    }
  }
  if (wanted.length === 0) throw new RangeError('campaigns is empty; for no fraud set fraudShare to 0')
  const fraudShare = options.fraudShare ?? DEFAULT_FRAUD_SHARE
  if (!(fraudShare >= 0 && fraudShare <= 0.5)) throw new RangeError('fraudShare must be from 0 to 0.5')
  return {
    seed: whole('seed', options.seed, 0, Number.MAX_SAFE_INTEGER),
    startMs: whole('startMs', Math.floor(options.startMs), 0, 4_102_444_800_000),
    customers: whole('customers', options.customers ?? DEFAULT_CUSTOMERS, MIN_CUSTOMERS, 50_000_000),
    merchants: whole('merchants', options.merchants ?? DEFAULT_MERCHANTS, MIN_MERCHANTS, 1_000_000),
    fraudShare,
    driftFromMs: drift(options.driftFromMs),
    campaigns: CAMPAIGNS.filter(({ name }) => wanted.includes(name)),
  }
}

function drift(fromMs: number | undefined): number {
  return fromMs === undefined
    ? Number.POSITIVE_INFINITY
    : whole('driftFromMs', Math.floor(fromMs), 0, 4_102_444_800_000)
}

function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`${name} must be a whole number from ${min} to ${max}`)
}

/** Six letters or digits that differ between runs with different options, so that their ids do too. */
function runTag(settings: ReturnType<typeof checked>): string {
  const names = settings.campaigns.map(({ name }) => CAMPAIGN_NAMES.indexOf(name)).join('')
  const text = [
    settings.seed,
    settings.startMs,
    settings.customers,
    settings.merchants,
    settings.fraudShare,
    names,
    ...(settings.driftFromMs === Number.POSITIVE_INFINITY ? [] : [settings.driftFromMs]),
  ].join(' ')
  let folded = 0
  for (const character of text) folded = (Math.imul(folded, 31) + (character.codePointAt(0) ?? 0)) | 0
  const random = createRandom(folded >>> 0, text.length)
  return random.int(2_176_782_336).toString(36).padStart(6, 'a')
}
