import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.ts'
import type { PartitionBatch } from '../../src/log/event-log.ts'
import { createPoisonGuard, maskDigits } from '../../src/poison.ts'
import { readNote, writeNote } from '../../src/partition-note.ts'
import { recordAt, sourceOf } from '../support/batches.ts'

const guardOf = (owner: string) =>
  createPoisonGuard({
    owner,
    maxTries: 3,
    missing: () => null,
    onMissingFound: () => undefined,
    onSuspect: () => undefined,
    onNoteFailed: () => undefined,
  })

/** A partition of one message and the note beside its offset. */
function partitionOfOne() {
  const notes: string[] = ['']
  const batch = (): PartitionBatch => ({
    ...sourceOf([recordAt(7)]),
    note: notes.at(-1) ?? '',
    commitNote: async (note) => void notes.push(note),
    commit: async (note = '') => void notes.push(note),
  })
  return { notes, batch }
}

describe('the guard against poison', () => {
  it('announces the first batch of a partition alone, and costs nothing more until it changes hands', async () => {
    const { notes, batch } = partitionOfOne()
    const run = guardOf('one').pipeline((source) => source.commit())
    await run(batch())
    await run(batch())
    expect(notes.map(readNote).map(({ owner, tries }) => `${owner} ${tries}`)).toEqual([
      ' 0',
      'one 1',
      'one 0',
      'one 0',
    ])
    await guardOf('two').pipeline((source) => source.commit())(batch())
    expect(readNote(notes.at(-2)!)).toMatchObject({ owner: 'two', tries: 1 })
  })

  it('blames no message for an error of the table, however often the process ends meanwhile', async () => {
    const { notes, batch } = partitionOfOne()
    for (let life = 0; life < 20; life++) {
      const run = guardOf(`life-${life}`).pipeline(async () => {
        throw new AppError('STORE_UNAVAILABLE', 'away')
      })
      await expect(run(batch())).rejects.toThrow('away')
    }
    expect(readNote(notes.at(-1)!)).toMatchObject({ tries: 0 })
  })

  it('counts a defect as a death: it ends the process too', async () => {
    const { notes, batch } = partitionOfOne()
    const run = guardOf('one').pipeline(async () => {
      throw new RangeError('boom')
    })
    await expect(run(batch())).rejects.toThrow('boom')
    expect(readNote(notes.at(-1)!)).toMatchObject({ owner: 'one', tries: 1 })
  })

  it('asks for fewer records after a death, and for one after the next', () => {
    const note = { owner: 'gone', tries: 1, limit: 0, until: '50' }
    const guard = guardOf('one')
    expect(guard.limit('')).toBe(Number.POSITIVE_INFINITY)
    expect(guard.limit(writeNote(note))).toBe(16)
    expect(guard.limit(writeNote({ ...note, limit: 16 }))).toBe(1)
    expect(guard.limit(writeNote({ ...note, limit: 16, tries: 0 }))).toBe(16)
    expect(guard.limit(writeNote({ ...note, owner: 'one' }))).toBe(Number.POSITIVE_INFINITY)
  })

  it('takes a note that it cannot read for none', () => {
    expect(guardOf('one').limit('{"owner":')).toBe(Number.POSITIVE_INFINITY)
    expect(guardOf('one').limit('{"owner":1}')).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('the mask of a message that nobody may look into', () => {
  it('hides every digit and keeps every other byte', () => {
    const record = {
      ...recordAt(0),
      key: Buffer.from('acc-12'),
      value: Buffer.from([0x34, 0xff, 0x00, 0x61]),
      headers: { h1: '4111 1111' },
    }
    expect(maskDigits(record)).toEqual({
      key: Buffer.from('acc-**'),
      value: Buffer.from([0x2a, 0xff, 0x00, 0x61]),
      headers: { 'h*': Buffer.from('**** ****') },
    })
  })
})
