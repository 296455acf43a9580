// Each campaign shows the shape that its head comment promises, and genuine traffic hardly ever does.
import { describe, expect, it } from 'vitest'
import { eurosOf } from './euros.ts'
import { CAMPAIGN_NAMES, type SimulatedEvent } from '../../../src/simulator/simulator.ts'
import { DAY_MS, eventsOf, isPayment, labelsOf, runsOf, START_MS, take, timeOf } from './records.ts'

const HOUR_MS = DAY_MS / 24
const only = (campaign: string, count = 60_000) =>
  take(count, { customers: 4_000, fraudShare: 0.02, campaigns: [campaign] })
/** Runs that began early enough to have ended. */
const finishedRuns = (campaign: string, withinMs = DAY_MS) => {
  const records = only(campaign)
  const endsMs = records.at(-1)!.arrivesAtMs
  return runsOf(records).filter((run) => timeOf(run[0]!) < endsMs - withinMs)
}
const token = ({ event }: SimulatedEvent) => event.instrument?.token
const devices = (run: readonly SimulatedEvent[]) => new Set(run.map(({ event }) => event.device?.id))
const gapsMs = (run: readonly SimulatedEvent[]) =>
  run.slice(1).map((record, i) => timeOf(record) - timeOf(run[i]!))
const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

describe('card testing', () => {
  const runs = finishedRuns('card-testing')

  it('tries many cards, or few cards many times, with small amounts within minutes from one or two bots', () => {
    expect(runs.length).toBeGreaterThan(5)
    for (const run of runs) {
      const tests = run.filter(({ event }) => eurosOf(event) < 3.5)
      const byCard = Map.groupBy(tests, token)
      const attempts = Math.max(...[...byCard.values()].map((card) => card.length))
      expect(byCard.size >= 8 || attempts >= 5).toBe(true)
      expect(median(gapsMs(tests))).toBeLessThan(30_000)
      expect(devices(tests).size).toBeLessThanOrEqual(2)
      expect(tests.filter(({ event }) => event.outcome === 'declined').length).toBeGreaterThan(0)
    }
  })

  it('buys dear things later, only with cards that worked', () => {
    const later = runs.flatMap((run) => {
      const worked = new Set(
        run.filter(({ event }) => event.outcome === 'pending' && eurosOf(event) < 3.5).map(token),
      )
      return run
        .filter(({ event }) => eurosOf(event) > 20)
        .map((record) => ({ record, worked: worked.has(token(record)) }))
    })
    expect(later.length).toBeGreaterThan(10)
    expect(later.every(({ worked }) => worked)).toBe(true)
  })
})

describe('a stolen card spree', () => {
  it('spends one card within hours, the later payment dearer than the first', () => {
    const runs = finishedRuns('stolen-card')
    expect(runs.length).toBeGreaterThan(20)
    for (const run of runs) {
      expect(new Set(run.map(token)).size).toBe(1)
      expect(run.length).toBeGreaterThanOrEqual(2)
      expect(timeOf(run.at(-1)!) - timeOf(run[0]!)).toBeLessThan(8 * HOUR_MS)
      expect(eurosOf(run[1]!.event)).toBeGreaterThan(eurosOf(run[0]!.event))
    }
    expect(runs.some((run) => run[0]!.event.channel === 'pos')).toBe(true)
    expect(runs.some((run) => run[0]!.event.channel === 'ecommerce')).toBe(true)
  })
})

describe('account takeover', () => {
  it('fails to log in, gets in from a device never seen, changes the profile, adds a payee and sends money there', () => {
    const records = only('account-takeover')
    const genuineDevices = new Map<string | undefined, Set<string | undefined>>()
    for (const { event, truth } of eventsOf(records)) {
      if (truth === 'fraud') continue
      const seen = genuineDevices.get(event.payer.account) ?? new Set()
      genuineDevices.set(event.payer.account, seen.add(event.device?.id))
    }
    const runs = runsOf(records).filter((run) => timeOf(run[0]!) < records.at(-1)!.arrivesAtMs - HOUR_MS)
    expect(runs.length).toBeGreaterThan(20)
    for (const run of runs) {
      const steps = run.map(({ event }) => `${event.type} ${event.outcome}`).join(', ')
      expect(steps).toMatch(
        /^(login failed, )+(otp failed, )*login approved, profile_change approved, payee_added approved(, transfer (pending|declined))*$/,
      )
      const account = run[0]!.event.payer.account
      expect(devices(run).size).toBe(1)
      expect(genuineDevices.get(account)?.has(run[0]!.event.device?.id) ?? false).toBe(false)
      const payees = run
        .filter(({ event }) => event.payee !== undefined)
        .map(({ event }) => event.payee?.account)
      expect(new Set(payees).size).toBe(1)
    }
    expect(runs.flat().filter(isPayment).length / runs.length).toBeGreaterThan(2)
  })

  it('sends to mule accounts that several cases share', () => {
    const runs = finishedRuns('account-takeover')
    const mules = runs.map(
      (run) => run.find(({ event }) => event.type === 'payee_added')!.event.payee?.account,
    )
    expect(new Set(mules).size).toBeLessThan(mules.length)
  })
})

describe('a mule ring', () => {
  it('collects from several accounts on one that sends on most of it within the hour', () => {
    const runs = finishedRuns('mule-ring', 4 * DAY_MS)
    expect(runs.length).toBeGreaterThan(3)
    for (const run of runs) {
      const transfers = run.filter(({ event }) => event.type === 'transfer')
      const mule = transfers[0]!.event.payee?.account
      const incoming = transfers.filter(({ event }) => event.payee?.account === mule)
      const outgoing = transfers.filter(({ event }) => event.payer.account === mule)
      expect(incoming.length).toBeGreaterThanOrEqual(2)
      expect(incoming.length + outgoing.length).toBe(transfers.length)
      for (const record of incoming) {
        const next = outgoing.find((other) => timeOf(other) > timeOf(record))
        expect(timeOf(next!) - timeOf(record)).toBeLessThan(HOUR_MS)
      }
    }
  })
})

describe('merchant collusion', () => {
  it('charges many cards once each at one merchant, for nearly one price, unauthenticated', () => {
    const runs = finishedRuns('merchant-collusion')
    expect(runs.length).toBeGreaterThan(5)
    for (const run of runs) {
      expect(new Set(run.map(({ event }) => event.payee?.merchant)).size).toBe(1)
      expect(new Set(run.map(token)).size).toBe(run.length)
      const amounts = run.map(({ event }) => event.amount)
      expect(Math.max(...amounts) / Math.min(...amounts)).toBeLessThan(1.15)
      expect(run.every(({ event }) => event.authentication?.method === 'none')).toBe(true)
    }
  })
})

describe('low and slow', () => {
  it('makes a few small purchases over days with one card on one new device', () => {
    const runs = runsOf(
      take(120_000, { customers: 1_000, fraudShare: 0.01, campaigns: ['low-and-slow'] }),
    ).filter((run) => timeOf(run[0]!) < START_MS + 20 * DAY_MS)
    expect(runs.length).toBeGreaterThan(10)
    for (const run of runs) {
      expect(new Set(run.map(token)).size).toBe(1)
      expect(devices(run).size).toBe(1)
      expect(run.length).toBeGreaterThanOrEqual(4)
      expect(Math.min(...gapsMs(run))).toBeGreaterThan(9 * HOUR_MS)
      expect(Math.max(...run.map(({ event }) => eurosOf(event)))).toBeLessThan(100)
    }
  })
})

describe('a compromised terminal', () => {
  it('charges many cards once each at one shop in person over weeks, at its usual prices, beside honest trade', () => {
    const records = take(300_000, {
      customers: 2_000,
      fraudShare: 0.006,
      campaigns: ['compromised-terminal'],
    })
    const runs = runsOf(records).filter((run) => timeOf(run[0]!) < START_MS + 12 * DAY_MS)
    expect(runs.length).toBeGreaterThan(3)
    const shops = new Set<string | undefined>()
    for (const run of runs) {
      const shop = run[0]!.event.payee?.merchant
      shops.add(shop)
      expect(new Set(run.map(({ event }) => event.payee?.merchant))).toEqual(new Set([shop]))
      expect(new Set(run.map(token)).size).toBe(run.length)
      expect(new Set(run.map(({ event }) => event.channel))).toEqual(new Set(['pos']))
      expect(timeOf(run.at(-1)!) - timeOf(run[0]!)).toBeGreaterThan(7 * DAY_MS)
      // Twenty at least, but now and then nobody is left to steal from.
      expect(run.length).toBeGreaterThanOrEqual(18)
    }
    const honest = eventsOf(records).filter(
      ({ event, truth }) => truth === 'genuine' && shops.has(event.payee?.merchant),
    )
    expect(honest.length).toBeGreaterThan(100)
  })
})

describe('structuring', () => {
  it('sends many sums just below one limit from one account, over days, with the usual device', () => {
    const runs = finishedRuns('structuring', 14 * DAY_MS)
    const records = take(150_000, { customers: 2_000, fraudShare: 0.01, campaigns: ['structuring'] })
    const late = runsOf(records).filter((run) => timeOf(run[0]!) < START_MS + 12 * DAY_MS)
    expect(runs.length + late.length).toBeGreaterThan(10)
    for (const run of late) {
      const transfers = run.filter(({ event }) => event.type === 'transfer')
      expect(transfers.length).toBeGreaterThanOrEqual(7)
      expect(new Set(run.map(({ event }) => event.payer.account)).size).toBe(1)
      expect(new Set(transfers.map(({ event }) => event.payee?.account)).size).toBeLessThanOrEqual(3)
      const euros = transfers.map(({ event }) => eurosOf(event))
      const limit = [1_000, 3_000, 10_000].find((bound) => bound > Math.max(...euros))!
      expect(Math.min(...euros)).toBeGreaterThan(0.88 * limit)
      expect(timeOf(transfers.at(-1)!) - timeOf(transfers[0]!)).toBeGreaterThan(DAY_MS / 2)
    }
  })
})

describe('friendly fraud', () => {
  it("uses the holder's own card and a device of the holder's, and is always charged back, weeks later", () => {
    const records = take(400_000, { customers: 1_500, fraudShare: 0.005, campaigns: ['friendly-fraud'] })
    const own = Map.groupBy(
      eventsOf(records).filter(({ truth }) => truth === 'genuine'),
      ({ event }) => event.payer.customer,
    )
    const frauds = runsOf(records).flat()
    expect(frauds.length).toBeGreaterThan(100)
    const familiar = frauds.filter(({ event }) =>
      own.get(event.payer.customer)?.some((other) => other.event.device?.id === event.device?.id),
    )
    expect(familiar.length / frauds.length).toBeGreaterThan(0.95)
    const labels = new Map(labelsOf(records).map(({ label }) => [label.event, label]))
    const early = frauds.filter(
      (fraud) =>
        fraud.event.outcome === 'pending' && timeOf(fraud) < records.at(-1)!.arrivesAtMs - 91 * DAY_MS,
    )
    expect(early.length).toBeGreaterThan(5)
    for (const fraud of early) {
      const label = labels.get(fraud.event.id)
      expect(label?.source).toBe('chargeback')
      expect(label?.eventTime).toBe(fraud.event.time)
      expect(Date.parse(label!.time) - timeOf(fraud)).toBeGreaterThan(2 * DAY_MS - 1)
    }
  })
})

describe('all campaigns', () => {
  const records = take(120_000, { fraudShare: 0.01 })

  it('turn up, each with its own numbered runs', () => {
    const names = new Set(eventsOf(records).map(({ campaign }) => campaign?.split('#')[0] ?? null))
    expect(names).toEqual(new Set([...CAMPAIGN_NAMES, null]))
    for (const { campaign, truth } of eventsOf(records)) expect(truth === 'fraud').toBe(campaign !== null)
  })

  it('leave no mark in the events: every combination of fields that fraud has, genuine traffic has too', () => {
    const shapes = (truth: string) =>
      new Set(
        eventsOf(records)
          .filter((record) => record.truth === truth)
          .map(({ event }) => shapeOf(event)),
      )
    const genuine = shapes('genuine')
    expect([...shapes('fraud')].filter((shape) => !genuine.has(shape))).toEqual([])
  })

  it('differ from genuine traffic in bulk: hardly any honest card has six small payments in ten minutes', () => {
    const honest = eventsOf(records).filter((record) => record.truth === 'genuine' && isPayment(record))
    const byCard = Map.groupBy(honest, token)
    const bursts = [...byCard.values()].filter((card) =>
      card.some((record, i) => i >= 5 && timeOf(record) - timeOf(card[i - 5]!) < 600_000),
    )
    byCard.delete(undefined)
    expect(bursts.length / byCard.size).toBeLessThan(0.001)
  })
})

/** What an event looks like without its values; the payer is left out, who is the same person in either case. */
function shapeOf(event: SimulatedEvent['event']): string {
  const { type, channel, outcome, authentication, device, instrument, payee, attributes } = event
  const fields = [instrument, payee, device, attributes].map((part) =>
    part === undefined
      ? '-'
      : Object.entries(part)
          .filter(([, value]) => value !== undefined)
          .map(([name]) => name)
          .join('+'),
  )
  return [type, channel, outcome, authentication?.method, authentication?.result, ...fields].join(' ')
}
