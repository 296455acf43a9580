import { describe, expect, it } from 'vitest'
import { soakPage } from '../../soak/page.ts'
import type { Sample } from '../../soak/samples.ts'
import { memoryOf, problemsOf } from '../../soak/verdict.ts'

/** A sample a second for an hour, with memory as the function says. */
const hour = (memoryBytes: (at: number) => number | null): Sample[] =>
  Array.from({ length: 3_600 }, (_, i) => ({
    at: i + 1,
    lag: 0,
    throughput: 100,
    memoryBytes: memoryBytes(i + 1),
  }))
const fine = { published: 10, undecided: 0, repeated: 0, endings: [] }
const fault = { name: 'kill', from: 60, to: 61, caughtUpAt: 70 }

describe('the memory of a soak', () => {
  it('is the line that fits best after the warm-up, whatever came before and wherever nobody answered', () => {
    const { slope, meanBytes } = memoryOf(
      hour((at) => (at < 900 ? at * 1_000_000 : at % 7 === 0 ? null : 500_000_000 + at * 100)),
    )
    expect(slope).toBeCloseTo(360_000, 0)
    expect(meanBytes).toBeCloseTo(500_225_000, -4)
  })

  it('may go up and down, and may not grow', () => {
    const up = problemsOf(
      hour((at) => 400_000_000 + (at % 60) * 2_000_000),
      [fault],
      fine,
    )
    expect(up).toEqual([])
    const [leak] = problemsOf(
      hour((at) => 400_000_000 + at * 30_000),
      [fault],
      fine,
    )
    expect(leak).toContain('memory grew by 17.3 %')
  })
})

describe('a soak', () => {
  const flat = hour(() => 400_000_000)

  it('is not as it must be when the lag did not come back, or a message has no decision or two', () => {
    expect(problemsOf(flat, [{ ...fault, caughtUpAt: null }], fine)).toHaveLength(1)
    expect(problemsOf(flat, [{ ...fault, caughtUpAt: 200 }], fine)).toHaveLength(1)
    expect(problemsOf(flat, [fault], { ...fine, undecided: 1 })).toEqual([
      '1 of 10 messages have no decision',
    ])
    expect(problemsOf(flat, [fault], { ...fine, repeated: 2 })).toHaveLength(1)
    expect(problemsOf(flat, [fault], { ...fine, endings: ['processor 0 ended with 1'] })).toHaveLength(1)
  })

  it('has a page with every fault in it, safe to open', () => {
    const named = { ...fault, name: 'kill <0>' }
    const page = soakPage(
      { saturation: 100, rate: 50, samples: flat, faults: [named], outcome: fine },
      'Soak',
    )
    expect(page.match(/kill &#60;0&#62;/g)).toHaveLength(4)
    expect(page.match(/<polyline/g)).toHaveLength(3)
    expect(page).not.toContain('NaN')
  })
})
