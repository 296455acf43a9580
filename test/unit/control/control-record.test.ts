import { describe, expect, it } from 'vitest'
import {
  ACTIVATION_KEY,
  breakerKey,
  controlRecord,
  listKey,
  MODEL_ROLES,
  modelKey,
  readControl,
  ruleSetKey,
} from '../../../src/control/control-record.ts'
import type { OutputRecord } from '../../../src/log/event-log.ts'
import { logRecord } from '../../support/events.ts'

const by = { author: 'a.meyer', at: '2026-03-01T11:58:00Z' }
const read = ({ key, value }: Pick<OutputRecord, 'key' | 'value'>) =>
  readControl(logRecord(value, { key: Buffer.from(String(key)) }))

describe('records of the control topic', () => {
  it('have keys that other versions and programs depend on', () => {
    expect(listKey({ list: 'mules', holds: 'payee', item: 'Xa3vQ0mYt1c8Zr5uLw9kPg' })).toBe(
      'list/mules/payee/Xa3vQ0mYt1c8Zr5uLw9kPg',
    )
    expect(listKey({ list: 'shops', holds: 'text', item: 'A/B Ü' })).toBe('list/shops/text/A%2FB%20%C3%9C')
    expect(ruleSetKey('sha256:00')).toBe('ruleset/sha256:00')
    expect(ACTIVATION_KEY).toBe('activation/rules')
    expect(MODEL_ROLES.map(modelKey)).toEqual(['model/champion', 'model/challenger'])
    expect(breakerKey('card-testing-burst')).toBe('breaker/card-testing-burst')
  })

  it('say of an entry all that is needed to take it back, in the key alone', () => {
    const at = { list: 'shops', holds: 'text', item: 'A/B Ü%' } as const
    const entry = { expires: null, reason: 'case 1', ...by }
    expect(read(controlRecord('c', listKey(at), entry))).toEqual({ kind: 'list', ...at, entry })
    expect(read(controlRecord('c', listKey(at), null))).toEqual({ kind: 'list', ...at, entry: null })
  })

  it.each([
    ['another kind', 'weather/today', '{}', /of no kind/],
    ['no key', '', '{}', /of no kind/],
    ['a kind of list that does not exist', 'list/a/planet/x', null, /names no entry/],
    ['an entry without a value', 'list/a/text/', null, /names no entry/],
    ['a broken escape', 'list/a/text/%E0%A4%A', null, /cannot be read/],
    ['a value that is no JSON', 'breaker/r', 'x', /is no JSON/],
    ['a value with a missing field', 'breaker/r', '{"events":1}', /not usable: acted/],
    ['a role that no model has', 'model/umpire', '{}', /names no role of a model/],
    ['a promotion without a version', 'model/champion', '{}', /not usable: version .*; hash /],
    ['a withdrawal without a number', 'model/champion', '{"withdrawn":true}', /not usable: .*number /],
    ['a withdrawal that is none', 'model/champion', '{"withdrawn":false}', /not usable: withdrawn /],
    [
      'a hash that is none',
      ACTIVATION_KEY,
      JSON.stringify({ ruleSet: 'x', previous: null, ...by }),
      /ruleSet/,
    ],
  ])('say what is wrong with %s, and throw nothing', (_what, key, value, problem) => {
    expect(read({ key, value })).toMatch(problem)
  })
})
