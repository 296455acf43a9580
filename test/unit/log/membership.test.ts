import { KafkaJSProtocolError } from 'kafkajs'
import { beforeEach, describe, expect, it } from 'vitest'
import { createMembership, type Membership } from '../../../src/log/membership.ts'

const protocol = (type: string) =>
  Object.assign(new KafkaJSProtocolError(new Error(type)), { type, retriable: false })

describe('the membership of a group', () => {
  let nowMs = 0
  let membership: Membership
  beforeEach(() => {
    nowMs = 1_000
    membership = createMembership({ sessionTimeoutMs: 6_000, graceMs: 600, clock: () => nowMs })
    membership.joined({ events: [0, 2] })
  })

  it('holds while heartbeats are answered', () => {
    const generation = membership.generation()
    for (let i = 0; i < 20; i++) {
      nowMs += 5_999
      expect(membership.isLost(generation)).toBe(false)
      membership.alive(0)
    }
  })

  it('goes by when a heartbeat was sent: a process that stood still reads the answer too late', () => {
    nowMs += 6_500
    membership.alive(6_400)
    expect(membership.isLost(membership.generation())).toBe(true)
    membership.alive(20)
    expect(membership.isLost(membership.generation())).toBe(false)
  })

  it('tells its partitions while it has its share', () => {
    expect(membership.assignment()).toEqual({ events: [0, 2] })
    membership.left()
    expect(membership.assignment()).toEqual({})
    membership.joined({ events: [0, 1], labels: [4] })
    expect(membership.assignment()).toEqual({ events: [0, 1], labels: [4] })
  })

  it('is lost after a session time-out of silence, because the coordinator thinks so too', () => {
    nowMs += 6_001
    expect(membership.isLost(membership.generation())).toBe(true)
    membership.alive(0)
    expect(membership.isLost(membership.generation())).toBe(false)
  })

  it('lets a batch in hand end within the grace after a rebalance was announced, not longer', () => {
    membership.failed(protocol('REBALANCE_IN_PROGRESS'))
    expect(membership.interruption()).not.toBeNull()
    nowMs += 599
    membership.failed(protocol('REBALANCE_IN_PROGRESS'))
    expect(membership.isLost(membership.generation())).toBe(false)
    nowMs += 1
    expect(membership.isLost(membership.generation())).toBe(true)
  })

  it.each(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])('is lost at once after %s', (type) => {
    membership.failed(protocol('REBALANCE_IN_PROGRESS'))
    membership.failed(protocol(type))
    expect(membership.isLost(membership.generation())).toBe(true)
  })

  it('is not touched by errors that say nothing about it', () => {
    membership.failed(new Error('connection reset'))
    expect(membership.interruption()).toBeNull()
    expect(membership.isLost(membership.generation())).toBe(false)
  })

  it('begins anew with each join, and what came before stays lost', () => {
    const before = membership.generation()
    membership.failed(protocol('UNKNOWN_MEMBER_ID'))
    membership.left()
    expect(membership.isJoined()).toBe(false)
    membership.joined({ events: [1] })
    expect(membership.isJoined()).toBe(true)
    expect(membership.interruption()).toBeNull()
    expect(membership.isLost(before)).toBe(true)
    expect(membership.isLost(membership.generation())).toBe(false)
    expect([0, 1, 2].map((partition) => membership.owns('events', partition))).toEqual([false, true, false])
    expect(membership.owns('labels', 1)).toBe(false)
  })
})
