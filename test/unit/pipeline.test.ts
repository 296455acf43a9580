import { describe, expect, it } from 'vitest'
import { STAGES } from '../../src/batch.ts'
import { AppError } from '../../src/errors.ts'
import { createPipeline, type StandIns, type Stages } from '../../src/pipeline.ts'
import { batchEventOf, batchOf, recordAt, sourceOf } from '../support/batches.ts'

function pipelineWith(overrides: Partial<Stages>) {
  const seen: string[] = []
  const completed: string[] = []
  const stages: Stages = {
    decode: (source) => batchOf([batchEventOf({})], { source }),
    velocity: (batch) => batch,
    score: (batch) => batch,
    rules: (batch) => batch,
    decide: (batch) => {
      batch.outputs.push({ topic: 'payments.decisions', key: null, value: '{}' })
      return batch
    },
    ...overrides,
  }
  const standIns: StandIns = {
    without(batch, missing) {
      seen.push(`without ${missing}`)
      return batch
    },
    journalsPolicy(batch) {
      seen.push('policy')
      return batch
    },
  }
  const pipeline = createPipeline(stages, standIns, {
    stage: (name) => seen.push(name),
    completed: (batch) => completed.push(`${batch.events.length} events`),
  })
  return { pipeline, seen, completed }
}

describe('the pipeline', () => {
  it('runs every stage once, in the order of the data path, and tells each', async () => {
    const { pipeline, seen, completed } = pipelineWith({})
    const source = sourceOf([recordAt(0)])
    await pipeline(source)
    expect(seen).toEqual([...STAGES])
    expect(source.calls).toEqual(['publish 1', 'commit'])
    expect(completed).toEqual(['1 events'])
  })

  it('puts the policy in the place of what is missing', async () => {
    const { pipeline, seen } = pipelineWith({})
    await pipeline(sourceOf([recordAt(0)]), new Set(['journals', 'model']))
    const commit = ['decide', 'publish', 'commit']
    expect(seen).toEqual(['decode', 'without journals', 'without model', 'rules', 'policy', ...commit])
  })

  it('publishes and commits nothing when a stage before them throws', async () => {
    const error = new AppError('STORE_UNAVAILABLE', 'gone')
    const { pipeline, seen, completed } = pipelineWith({ velocity: () => Promise.reject(error) })
    const source = sourceOf([recordAt(0)])
    await expect(pipeline(source)).rejects.toBe(error)
    expect(source.calls).toEqual([])
    expect(seen).toEqual(['decode', 'velocity'])
    expect(completed).toEqual([])
  })

  it('does not commit what could not be published', async () => {
    const error = new AppError('LOG_UNAVAILABLE', 'gone')
    const { pipeline, completed } = pipelineWith({})
    const source = sourceOf([recordAt(0)])
    await expect(pipeline({ ...source, publish: () => Promise.reject(error) })).rejects.toBe(error)
    expect(source.calls).toEqual([])
    expect(completed).toEqual([])
  })
})
