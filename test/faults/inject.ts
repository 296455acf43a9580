// How each kind of fault is done to the deployment. `around` is the traffic that is published meanwhile.
import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './schedule.ts'
import { SESSION_MS, type Deployment } from './deployment.ts'

/** Does the fault while `around` publishes, and resolves when what it broke has been put right again. */
export async function inject(
  deployment: Deployment,
  fault: Fault,
  around: () => Promise<void>,
): Promise<void> {
  const { victim, lengthMs } = fault
  const proxy = deployment.proxies[victim]
  const processor = deployment.processors[victim]
  if (proxy === undefined || processor === undefined) throw new Error(`there is no processor ${victim}`)
  switch (fault.kind) {
    case 'crash': {
      const crashing = await deployment.startCrashing(`${fault.crashAfter}:1`)
      await around()
      await crashing.exited
      return
    }
    case 'kill':
      await Promise.all([around(), processor.kill()])
      await deployment.startProcessor(victim)
      return
    case 'freeze':
      // Long enough that the group gives its partitions away: it wakes up as one who does not know it.
      process.kill(processor.pid, 'SIGSTOP')
      await around()
      await delay(SESSION_MS + 1_500)
      process.kill(processor.pid, 'SIGCONT')
      return
    case 'redis-restart':
      await Promise.all([around(), deployment.redis.restart()])
      return
    case 'redis-pause':
      await deployment.commands.call('CLIENT', 'PAUSE', String(lengthMs), 'ALL')
      await around()
      return
    case 'redis-cut':
      await Promise.all([around(), delay(lengthMs / 4).then(() => proxy.cut())])
      return
    case 'redis-delay':
    case 'redis-partition':
      if (fault.kind === 'redis-delay') proxy.delayBy(lengthMs / 10)
      else proxy.partition()
      await Promise.all([around(), delay(lengthMs)])
      proxy.heal()
  }
}
