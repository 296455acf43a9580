// When training of the supervised head ends, and which weights are kept.
import { describe, expect, it } from 'vitest'
import type { TrainedModel } from '../../../src/model/model-files.ts'
import { trainModel } from '../../../src/model/train.ts'
import { PATTERN_FEATURES, patternedSet, withShuffledLabels } from '../evaluation/patterned-set.ts'

// Labels that mean nothing: whatever the net learns of them makes later payments worse.
const SET = withShuffledLabels(patternedSet({ rows: 5_000 }))
const EPOCHS = 12

/** Begins no further epoch after `stopAfter`. */
function train(stopAfter: number): Promise<TrainedModel> {
  let epochs = 0
  return trainModel({
    set: SET,
    features: PATTERN_FEATURES,
    version: 'stopping',
    seed: 3,
    epochs: EPOCHS,
    source: 'a test',
    command: 'none',
    events: SET.rows,
    paysentry: '0.0.0',
    isOver: () => epochs >= stopAfter,
    onEpoch: (epoch) => void (epochs = epoch),
  })
}

describe('the supervised head', () => {
  it('ends three epochs after its best one and keeps the weights of that one', async () => {
    const whole = await train(EPOCHS)
    const losses = whole.manifest.supervised?.loss.map(({ validation }) => validation) ?? []
    const best = losses.indexOf(Math.min(...losses)) + 1
    expect(losses.length).toBe(best + 3)
    expect(losses.length).toBeLessThan(EPOCHS)
    const stopped = await train(best)
    expect(stopped.manifest.supervised?.epochs).toBe(best)
    expect(stopped.supervised?.weights).toEqual(whole.supervised?.weights)
  })

  it('makes one epoch even when there is no time for any', async () => {
    const { manifest, supervised } = await train(0)
    expect(manifest.supervised?.epochs).toBe(1)
    expect(supervised?.weights.length).toBeGreaterThan(0)
  })
})
