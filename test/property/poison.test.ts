// Whatever messages end the process, and wherever they stand: each is found after a bounded number of deaths, no other message
// is blamed, and everything else is worked on.
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { AppError } from '../../src/errors.ts'
import type { LogRecord, PartitionBatch } from '../../src/log/event-log.ts'
import { createPoisonGuard } from '../../src/poison.ts'
import { createPipeline } from '../../src/pipeline.ts'
import { batchOf } from '../support/batches.ts'

const MAX_TRIES = 3

interface Stored {
  readonly records: readonly LogRecord[]
  /** Index of the next record; offsets have gaps. */
  next: number
  note: string
}

const recordAt = (partition: number, offset: number): LogRecord => ({
  topic: 't',
  partition,
  offset: String(offset),
  timestampMs: 0,
  key: null,
  value: Buffer.from(`${partition}/${offset}`),
  headers: {},
})

/** One life of a process: works on all partitions side by side until it is done, or until a poison kills it. */
async function live(life: number, partitions: Stored[], options: LifeOptions): Promise<'done' | 'dead'> {
  const death = Promise.withResolvers<'dead'>()
  let alive = true
  /** What a dead process does has no effect, and nothing comes back to it. */
  const effect = async (apply: () => void): Promise<void> => {
    await options.turn()
    if (!alive) return new Promise<void>(() => undefined)
    apply()
  }
  const guard = createPoisonGuard({
    owner: `life-${life}`,
    maxTries: MAX_TRIES,
    missing: () => null,
    onMissingFound: () => undefined,
    onSuspect: () => undefined,
    onNoteFailed: () => undefined,
  })
  const pipeline = guard.pipeline(
    createPipeline(
      {
        decode: guard.decode(async (source) => {
          await options.turn()
          if (alive && source.records.some(options.isPoison)) {
            alive = false
            death.resolve('dead')
          }
          if (!alive) return new Promise(() => undefined)
          const [first] = source.records
          if (first !== undefined && options.fails(first)) throw new AppError('STORE_UNAVAILABLE', 'away')
          for (const { value } of source.records) options.decided.push(String(value))
          return batchOf([], { source })
        }),
        velocity: (batch) => batch,
        score: (batch) => batch,
        rules: (batch) => batch,
        decide: (batch) => {
          for (const { record } of batch.rejected) options.condemned.push(String(record.value))
          return batch
        },
      },
      { without: (batch) => batch, journalsPolicy: (batch) => batch },
      { stage: () => undefined, completed: () => undefined },
    ),
  )
  const work = async (stored: Stored, partition: number): Promise<void> => {
    while (stored.next < stored.records.length) {
      const limit = Math.min(options.batchSize, guard.limit(stored.note))
      const start = stored.next
      const records = stored.records.slice(start, start + limit)
      const batch: PartitionBatch = {
        topic: 't',
        partition,
        records,
        lag: 0,
        arrivedAtMs: 0,
        note: stored.note,
        isStale: () => false,
        publish: () => effect(() => undefined),
        commit: (note = '') =>
          effect(() => {
            stored.next = start + records.length
            stored.note = note
          }),
        commitNote: (note) =>
          effect(() => {
            stored.note = note
          }),
      }
      try {
        await pipeline(batch)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
      }
    }
  }
  const done = Promise.all(partitions.map(work)).then(() => 'done' as const)
  return Promise.race([done, death.promise])
}

interface LifeOptions {
  readonly batchSize: number
  readonly isPoison: (record: LogRecord) => boolean
  /** Whether the store is away this time. */
  readonly fails: (record: LogRecord) => boolean
  /** Lets others go first, at random. */
  readonly turn: () => Promise<void>
  readonly decided: string[]
  readonly condemned: string[]
}

it('condemns the messages that end the process, and no other, after a bounded number of deaths', async () => {
  const partition = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), isPoison: fc.boolean() }), {
    maxLength: 60,
  })
  const rare = partition.map((records) =>
    records.map(({ gap, isPoison }, i) => ({ gap, isPoison: isPoison && i % 17 === 3 })),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(rare, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 40 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 4 })),
      async (shapes, batchSize, turns) => {
        const poisons = new Set<string>()
        const partitions = shapes.map((shape, p): Stored => {
          let offset = 0
          const records = shape.map(({ gap, isPoison }) => {
            const record = recordAt(p, (offset += gap))
            if (isPoison) poisons.add(String(record.value))
            return record
          })
          return { records, next: 0, note: '' }
        })
        const decided: string[] = []
        const condemned: string[] = []
        const options: LifeOptions = {
          batchSize,
          isPoison: ({ value }) => poisons.has(String(value)),
          fails: () => turns.next().value === 4,
          async turn() {
            for (let n: number = turns.next().value; n > 0; n--) await Promise.resolve()
          },
          decided,
          condemned,
        }
        let deaths = 0
        while ((await live(deaths, partitions, options)) === 'dead') deaths++
        expect(condemned.toSorted()).toEqual([...poisons].sort())
        const wanted = partitions.flatMap(({ records }) => records.map(({ value }) => String(value)))
        expect(new Set([...decided, ...condemned])).toEqual(new Set(wanted))
        expect(deaths).toBeLessThanOrEqual(poisons.size * (MAX_TRIES + 3))
        expect(deaths).toBeGreaterThanOrEqual(poisons.size * MAX_TRIES)
      },
    ),
    { numRuns: 150 },
  )
})
