// A soak: saturation is measured, then traffic at half of it for a long time, with one fault after another, each given the time to
// be put right and the lag the time to come back. Then saturation is measured again: where it has fallen, it was not half.
import { setTimeout as delay } from 'node:timers/promises'
import { HEADERS } from '../../src/log/topics.ts'
import { type Deployment, openDeployment } from '../faults/deployment.ts'
import { inject } from '../faults/inject.ts'
import { watchOffsets } from '../faults/offsets.ts'
import type { Delivery } from '../faults/points.ts'
import { readCommitted } from '../faults/read-committed.ts'
import { type Fault, nameOf, scheduleOf } from '../faults/schedule.ts'
import type { Servers } from '../faults/servers.ts'
import { type Decided, type Sampler, startSampling } from './samples.ts'
import { type SoakTraffic, soakTraffic } from './traffic.ts'
import { CAUGHT_UP_WITHIN_S, type FaultMark, type Soaked } from './verdict.ts'

/** Between the return of the lag and the next fault. */
const CALM_MS = 20_000
/** Lag counts as back when it is what arrives in this time. */
const BACK_S = 3
const DAY_MS = 86_400_000
/** How long saturation is measured before the soak: code is compiled by then, and journals are as long as they get. */
const SATURATED_S = 120
/** And after it. */
const SATURATED_AGAIN_S = 40
/** The one whose memory is watched is never killed. */
const WATCHED = 0
const KILLED = 1

/** A day of the simulated people passes in seconds: a partition that waits for a fault to be put right is days behind the others. */
const SETTINGS = {
  PAYSENTRY_VELOCITY_EXACT_HORIZON_MS: String(7 * DAY_MS),
  PAYSENTRY_VELOCITY_ALLOWED_LATENESS_MS: String(7 * DAY_MS),
  PAYSENTRY_DEGRADE_JOURNALS: 'review',
  // The journals of these people fit into it.
  PAYSENTRY_VELOCITY_CACHE_BYTES: String(268_435_456),
}

export interface SoakOptions {
  readonly delivery: Delivery
  readonly minutes: number
  readonly seed: number
  readonly say: (line: string) => void
}

export async function soak(servers: Servers, options: SoakOptions): Promise<Soaked> {
  const deployment = await openDeployment(servers, { delivery: options.delivery, settings: SETTINGS })
  try {
    await Promise.all([WATCHED, KILLED].map((slot) => deployment.startProcessor(slot)))
    const offsets = watchOffsets(deployment)
    const traffic = soakTraffic(deployment.log, deployment.topics)
    const sampler = startSampling(offsets, () => deployment.processors[WATCHED]?.address ?? '')
    const before = await saturationOf(sampler, traffic, Math.min(SATURATED_S, options.minutes * 6))
    const rate = Math.floor(before / 2)
    const decidedBefore = decidedSoFar(sampler)
    options.say(`saturation ${before.toFixed(0)} records a second; the soak runs at ${rate}`)
    const faults = await underFaults({ deployment, sampler, traffic, rate, options })
    const samples = [...sampler.samples]
    const decided = between(decidedBefore, decidedSoFar(sampler))
    const after = await saturationOf(sampler, traffic, Math.min(SATURATED_AGAIN_S, options.minutes * 6))
    options.say(`saturation afterwards ${after.toFixed(0)} records a second`)
    const behind = await offsets.untilAllCommitted()
    await sampler.stop()
    const endings = await stopAll(deployment)
    const wentBack = await offsets.stop()
    const outcome = {
      published: traffic.published(),
      ...(await decidedOnce(deployment, options.delivery)),
      endings: [...endings, ...behind, ...wentBack],
    }
    return { saturation: { before, after }, rate, decided, samples, faults, outcome }
  } finally {
    await deployment.close()
  }
}

/** Publishes more than is taken for so many seconds; what is committed in the later half, a second. */
async function saturationOf(sampler: Sampler, traffic: SoakTraffic, seconds: number): Promise<number> {
  const until = new AbortController()
  const startAt = sampler.at()
  const last = () => sampler.samples.at(-1) ?? { lag: 0, throughput: 0 }
  const publishing = traffic.asFastAs(last, until.signal)
  await delay(seconds * 1_000)
  until.abort()
  await publishing
  const measured = sampler.samples.filter(({ at }) => at > startAt + seconds / 2)
  const mean = measured.reduce((sum, { throughput }) => sum + throughput, 0) / measured.length
  while (last().lag > mean * BACK_S) await delay(200)
  return mean
}

/** By the processor that is watched. */
function decidedSoFar({ samples }: Sampler): Decided {
  const known = samples.findLast(({ decided }) => decided !== null)?.decided
  return known ?? { decisions: 0, withoutJournals: 0 }
}

function between(from: Decided, to: Decided): Decided {
  return {
    decisions: to.decisions - from.decisions,
    withoutJournals: to.withoutJournals - from.withoutJournals,
  }
}

interface Stage {
  readonly deployment: Deployment
  readonly sampler: Sampler
  readonly traffic: SoakTraffic
  readonly rate: number
  readonly options: SoakOptions
}

async function underFaults({ deployment, sampler, traffic, rate, options }: Stage): Promise<FaultMark[]> {
  const until = new AbortController()
  const publishing = traffic.atRate(rate, until.signal)
  const marks: FaultMark[] = []
  const { faults } = scheduleOf(options.seed, 1_000)
  const ofMode = faults.filter(
    ({ point }) => point !== 'offsets in the transaction' || options.delivery === 'exactly-once',
  )
  const endAt = options.minutes * 60
  // Traffic comes all the time.
  const nothing = async (): Promise<void> => undefined
  await delay(CALM_MS)
  for (const drawn of ofMode) {
    // The last fault needs its time too.
    if (sampler.at() > endAt - 60) break
    const fault: Fault = kills(drawn) ? { ...drawn, victim: KILLED } : drawn
    const from = sampler.at()
    await inject(deployment, fault, nothing, nothing)
    const to = sampler.at()
    const caughtUpAt = await lagIsBack(sampler, rate)
    marks.push({ name: nameOf(fault), from, to, caughtUpAt })
    const after = caughtUpAt === null ? 'never' : `after ${(caughtUpAt - to).toFixed(0)} s`
    options.say(
      `${from.toFixed(0)} s: ${nameOf(fault)}, put right after ${(to - from).toFixed(0)} s, lag back ${after}`,
    )
    await delay(CALM_MS)
  }
  while (sampler.at() < endAt) await delay(200)
  until.abort()
  await publishing
  return marks
}

function kills({ kind }: Fault): boolean {
  return kind === 'kill' || kind === 'crash'
}

async function lagIsBack(sampler: Sampler, rate: number): Promise<number | null> {
  const from = sampler.at()
  const first = sampler.samples.length + 1
  for (;;) {
    // The sample in hand may have begun before the end of the fault.
    const found = sampler.samples.slice(first).find(({ lag }) => lag <= rate * BACK_S)
    if (found !== undefined) return found.at
    if (sampler.at() - from > CAUGHT_UP_WITHIN_S) return null
    await delay(200)
  }
}

async function stopAll({ processors }: Deployment): Promise<string[]> {
  const codes = await Promise.all(processors.map((processor) => processor.stop()))
  return codes.flatMap((code, slot) =>
    code === 0 ? [] : [`processor ${slot} ended with ${code}:\n${processors[slot]?.output().slice(-2_000)}`],
  )
}

/** Holds decisions and dead letters against every offset of the events topic. */
async function decidedOnce(deployment: Deployment, delivery: Delivery) {
  const { log, topics, groupId, admin } = deployment
  const times = new Map<string, number>()
  const rejected = new Set<string>()
  await readCommitted({
    log,
    topics: [topics.decisions, topics.deadLetters],
    groupId: `${groupId}-check`,
    onRecord({ topic, headers }) {
      const source = String(headers[HEADERS.source])
      if (topic === topics.deadLetters) rejected.add(source)
      times.set(source, (times.get(source) ?? 0) + 1)
    },
  })
  let undecided = 0
  for (const { partition, high } of await admin.fetchTopicOffsets(topics.events)) {
    for (let offset = 0; offset < Number(high); offset++) {
      if (!times.has(`${topics.events}/${partition}/${offset}`)) undecided++
    }
  }
  const twice = [...times.values()].filter((count) => count > 1).length
  return { rejected: rejected.size, undecided, repeated: delivery === 'exactly-once' ? twice : 0 }
}
