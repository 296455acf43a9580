// Plays one schedule from the first event to the verdict.
import { simulatedTraffic } from '../e2e/traffic.ts'
import { check } from './check.ts'
import { inject } from './inject.ts'
import { watchOffsets } from './offsets.ts'
import type { Schedule } from './schedule.ts'
import { openDeployment } from './deployment.ts'

const CHUNK = 25
const POISON_EVERY = 100

export interface Verdict {
  readonly problems: readonly string[]
  readonly events: number
}

export async function play(
  brokers: readonly string[],
  schedule: Schedule,
  eventCount: number,
): Promise<Verdict> {
  const deployment = await openDeployment(brokers, schedule)
  try {
    const traffic = simulatedTraffic(eventCount, deployment.topics, POISON_EVERY)
    const { messages } = traffic
    await Promise.all([0, 1].map((slot) => deployment.startProcessor(slot)))
    const offsets = watchOffsets(deployment)
    const share = Math.ceil(messages.length / (schedule.faults.length + 1))
    let next = 0
    const publishShare = async (): Promise<void> => {
      const end = Math.min(messages.length, next + share)
      while (next < end) {
        const chunk = messages.slice(next, Math.min(end, next + CHUNK))
        next += chunk.length
        await deployment.log.produce(chunk)
      }
    }
    await publishShare()
    for (const fault of schedule.faults) await inject(deployment, fault, publishShare)
    await publishShare()
    const behind = await offsets.untilAllCommitted()
    const codes = await Promise.all(deployment.processors.map((processor) => processor.stop()))
    const problems = [
      ...behind,
      ...(await offsets.stop()),
      ...codes.filter((code) => code !== 0).map((code) => `a processor ended with ${code} at the end`),
      ...(await check(deployment, schedule, traffic)),
    ]
    return { problems, events: traffic.eventIds.size }
  } finally {
    await deployment.close()
  }
}
