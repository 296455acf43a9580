// Stopping on signals. They are sent as events of `process`, which is what Node makes of them.
import { expect, it } from 'vitest'
import type { App } from '../../../src/app.ts'
import { EXIT, exitCodeOf } from '../../../src/cli/exit-codes.ts'
import { untilStopped } from '../../../src/cli/process-host.ts'

function appThatStops(stop: () => Promise<void>): App {
  const parts: Pick<App, 'finished' | 'stop'> = { finished: new Promise(() => undefined), stop }
  return parts as App
}

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  )

it('stops the app at the first signal and takes its handlers away again', async () => {
  const before = process.listenerCount('SIGTERM')
  const reasons: string[] = []
  const stopped = untilStopped(
    appThatStops(async () => undefined),
    { deadlineMs: 60_000, onStop: (reason) => reasons.push(reason) },
  )
  process.emit('SIGTERM', 'SIGTERM')
  await stopped
  expect(reasons).toEqual(['SIGTERM'])
  expect(process.listenerCount('SIGTERM')).toBe(before)
})

it.each(['SIGTERM', 'SIGINT'] as const)(
  'ends at once at a further %s, with an exit code of its own',
  async (signal) => {
    const stopping = Promise.withResolvers<void>()
    const forced = thrownBy(
      untilStopped(
        appThatStops(() => {
          stopping.resolve()
          return new Promise(() => undefined)
        }),
        { deadlineMs: 60_000, onStop: () => undefined },
      ),
    )
    process.emit('SIGTERM', 'SIGTERM')
    await stopping.promise
    process.emit(signal, signal)
    const error = await forced
    expect(error).toMatchObject({ code: 'STOP_FORCED', message: expect.stringContaining(signal) })
    expect(exitCodeOf(error)).toBe(EXIT.forced)
  },
)

it('ends at the deadline with the setting that moves it', async () => {
  const forced = thrownBy(
    untilStopped(
      appThatStops(() => new Promise(() => undefined)),
      { deadlineMs: 5, onStop: () => undefined, work: Promise.resolve() },
    ),
  )
  expect(await forced).toMatchObject({
    code: 'STOP_FORCED',
    message: expect.stringContaining('shutdown.deadlineMs (5 ms)'),
  })
})
