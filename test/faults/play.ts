// Plays one schedule from the first event to the verdict.
import { simulatedTraffic } from '../e2e/traffic.ts'
import { check } from './check.ts'
import { openDeployment } from './deployment.ts'
import { inject } from './inject.ts'
import { watchOffsets } from './offsets.ts'
import { patiently } from './patiently.ts'
import { publishAll } from './publish.ts'
import type { Schedule } from './schedule.ts'
import type { Servers } from './servers.ts'

const CHUNK = 25
const POISON_EVERY = 100

export interface Verdict {
  readonly problems: readonly string[]
  readonly events: number
}

export async function play(servers: Servers, schedule: Schedule, eventCount: number): Promise<Verdict> {
  await servers.reset()
  const deployment = await openDeployment(servers, schedule)
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
        await publishAll(deployment.log, chunk)
      }
    }
    const publishMore = async (): Promise<void> => {
      await publishAll(deployment.log, messages.slice(Math.max(0, next - 2 * CHUNK), next))
    }
    await publishShare()
    for (const fault of schedule.faults) await inject(deployment, fault, publishShare, publishMore)
    await publishShare()
    const behind = await offsets.untilAllCommitted()
    if (behind.length > 0) {
      await offsets.stop()
      const said = deployment.processors.map(
        (processor) => `a processor said:\n${processor.output().slice(-6_000)}`,
      )
      return { problems: [...behind, ...said], events: 0 }
    }
    const codes = await Promise.all(deployment.processors.map((processor) => processor.stop()))
    const ended = codes.flatMap((code, i) =>
      code === 0
        ? []
        : [`a processor ended with ${code}:\n${deployment.processors[i]?.output().slice(-2_000)}`],
    )
    const wentBack = await offsets.stop()
    return {
      problems: [
        ...wentBack,
        ...ended,
        ...(await patiently(() => check(deployment, schedule.delivery, traffic))),
      ],
      events: traffic.eventIds.size,
    }
  } finally {
    await deployment.close()
  }
}
