import { describe, expect, it } from 'vitest'
import {
  type Claim,
  claimAtLeastOnce,
  createClaims,
  offsetsOf,
  type Position,
} from '../../../src/log/kafka-claim.ts'

interface FakeClaim extends Claim {
  sound: boolean
  released: boolean
}

function fakeClaim(): FakeClaim {
  const claim: FakeClaim = {
    sound: true,
    released: false,
    position: () => ({ nextOffset: -1n, note: '' }),
    publish: async () => {},
    commit: async () => {},
    abandon: async () => {},
    isSound: () => claim.sound,
    release: async () => {
      claim.released = true
    },
  }
  return claim
}

function opening() {
  const opened: FakeClaim[] = []
  const claims = createClaims(async () => {
    const claim = fakeClaim()
    opened.push(claim)
    return claim
  })
  return { opened, claims }
}

describe('claims', () => {
  it('keep the claim of a partition for as long as the generation lasts', async () => {
    const { opened, claims } = opening()
    const first = await claims.of('events', 1, 1)
    expect(await claims.of('events', 1, 1)).toBe(first)
    expect(await claims.of('events', 2, 1)).not.toBe(first)
    expect(opened).toHaveLength(2)
  })

  it('end with their generation, also those of partitions that were given away', async () => {
    const { opened, claims } = opening()
    await claims.of('events', 1, 1)
    await claims.of('events', 2, 1)
    await claims.of('events', 1, 2)
    expect(opened.map(({ released }) => released)).toEqual([true, true, false])
  })

  it('are made anew when one is not sound any more', async () => {
    const { opened, claims } = opening()
    await claims.of('events', 1, 1)
    for (const claim of opened) claim.sound = false
    await claims.of('events', 1, 1)
    expect(opened.map(({ released }) => released)).toEqual([true, false])
  })

  it('are tried again after one could not be made', async () => {
    let tries = 0
    const claims = createClaims(async () => {
      if (++tries === 1) throw new Error('no coordinator')
      return fakeClaim()
    })
    await expect(claims.of('events', 1, 1)).rejects.toThrow('no coordinator')
    await expect(claims.of('events', 1, 1)).resolves.toBeDefined()
  })
})

describe('a claim of at-least-once', () => {
  it('stands where its last commit that succeeded has put it', async () => {
    const committed: unknown[] = []
    const position: Position = { nextOffset: 7n, note: 'from before' }
    const source = { topic: 'events', partition: 3, readPosition: async () => position }
    const claim = await claimAtLeastOnce(source, async () => {})
    expect(claim.position()).toBe(position)
    const refuse = async () => Promise.reject(new Error('no'))
    await expect(claim.commit({ nextOffset: 9n, note: 'x' }, refuse)).rejects.toThrow('no')
    expect(claim.position()).toBe(position)
    await claim.commit({ nextOffset: 9n, note: 'x' }, async (offsets) => void committed.push(offsets))
    expect(claim.position()).toEqual({ nextOffset: 9n, note: 'x' })
    expect(committed).toEqual([offsetsOf('events', 3, { nextOffset: 9n, note: 'x' })])
  })
})
