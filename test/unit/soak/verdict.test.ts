import { describe, expect, it } from 'vitest'
import { soakPage } from '../../soak/page.ts'
import type { Sample } from '../../soak/samples.ts'
import { memoryOf, problemsOf, type Soaked } from '../../soak/verdict.ts'

/** A sample a second for an hour, with memory as the function says. */
const hour = (memoryBytes: (at: number) => number | null): Sample[] =>
  Array.from({ length: 3_600 }, (_, i) => ({
    at: i + 1,
    lag: 0,
    throughput: 100,
    memoryBytes: memoryBytes(i + 1),
    decided: null,
  }))
const fine = { published: 1_000, rejected: 2, undecided: 0, repeated: 0, endings: [] }
const fault = { name: 'kill', from: 60, to: 61, caughtUpAt: 70 }
const flat = hour(() => 400_000_000)
const good: Soaked = {
  saturation: { before: 100, after: 90 },
  rate: 50,
  decided: { decisions: 1_000, withoutJournals: 3 },
  samples: flat,
  faults: [fault],
  outcome: fine,
}

describe('the memory of a soak', () => {
  it('is the line that fits best after the warm-up, whatever came before and wherever nobody answered', () => {
    const { slope, meanBytes } = memoryOf(
      hour((at) => (at < 900 ? at * 1_000_000 : at % 7 === 0 ? null : 500_000_000 + at * 100)),
    )
    expect(slope).toBeCloseTo(360_000, 0)
    expect(meanBytes).toBeCloseTo(500_225_000, -4)
  })

  it('may go up and down, and may not grow', () => {
    const up = hour((at) => 400_000_000 + (at % 60) * 2_000_000)
    expect(problemsOf({ ...good, samples: up })).toEqual([])
    const [leak] = problemsOf({ ...good, samples: hour((at) => 400_000_000 + at * 30_000) })
    expect(leak).toContain('memory grew by 17.3 %')
  })
})

describe('a soak', () => {
  const withFault = (caughtUpAt: number | null): Soaked => ({ ...good, faults: [{ ...fault, caughtUpAt }] })
  const withOutcome = (outcome: Partial<Soaked['outcome']>): Soaked => ({
    ...good,
    outcome: { ...fine, ...outcome },
  })

  it('is not as it must be when the lag did not come back, or a message has no decision or two', () => {
    expect(problemsOf(good)).toEqual([])
    expect(problemsOf(withFault(null))).toHaveLength(1)
    expect(problemsOf(withFault(200))).toHaveLength(1)
    expect(problemsOf(withOutcome({ undecided: 1 }))).toEqual(['1 of 1000 messages have no decision'])
    expect(problemsOf(withOutcome({ repeated: 2 }))).toHaveLength(1)
    expect(problemsOf(withOutcome({ endings: ['processor 0 ended with 1'] }))).toHaveLength(1)
  })

  it('is none at half of the saturation when less is taken after it', () => {
    const [shared] = problemsOf({ ...good, saturation: { before: 100, after: 70 } })
    expect(shared).toContain('the soak ran at 71.4 % of what was taken after it')
  })

  it('is none when messages are rejected that should not be', () => {
    const [cheap] = problemsOf(withOutcome({ rejected: 30 }))
    expect(cheap).toContain('30 of 1000 messages were rejected')
  })

  it('is not as it must be when most decisions were made without whole journals', () => {
    const [degraded] = problemsOf({ ...good, decided: { decisions: 1_000, withoutJournals: 700 } })
    expect(degraded).toContain('70.0 % of the decisions were made without whole journals')
  })

  it('has a page with every fault in it, safe to open', () => {
    const page = soakPage({ ...good, faults: [{ ...fault, name: 'kill <0>' }] }, 'Soak')
    expect(page.match(/kill &#60;0&#62;/g)).toHaveLength(4)
    expect(page.match(/<polyline/g)).toHaveLength(3)
    expect(page).not.toContain('NaN')
  })
})
