// Splitting request bodies, held against JSON.parse.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BodyProblem, type SplitBody, splitEventBody } from '../../../src/telemetry/event-body.ts'

const split = (text: string, takeArrays = true) => splitEventBody(Buffer.from(text), takeArrays)

function events(result: SplitBody | BodyProblem): string[] {
  if ('message' in result) throw new Error(result.message)
  return result.events.map(String)
}

function problem(result: SplitBody | BodyProblem): BodyProblem {
  if ('message' in result) return result
  throw new Error('no problem found')
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 4 })

describe('splitEventBody', () => {
  it('gives every element of any array the bytes that parse to it', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (values, indent) => {
        const result = split(JSON.stringify(values, null, indent))
        expect(events(result).map((text): unknown => JSON.parse(text))).toEqual(
          JSON.parse(JSON.stringify(values)),
        )
        expect(result).toHaveProperty('kind', 'array')
      }),
      { numRuns: 500 },
    )
  })

  it('keeps the raw text of every element, whatever stands between the elements', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.json(), space, space)), space, (parts, around) => {
        const inner = parts.map(([text, before, after]) => `${before}${text}${after}`).join(',')
        const result = split(`${around}[${inner}]${around}`)
        expect(events(result)).toEqual(parts.map(([text]) => text.trim()))
      }),
    )
  })

  it('keeps the raw text of every value of a sequence', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), (texts) => {
        expect(events(split(texts.join('\n'), false))).toEqual(texts.map((text) => text.trim()))
      }),
    )
  })

  it('takes exactly those texts that JSON.parse takes, also mutilated ones', () => {
    const mutilated = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.nat(3),
        fc.string({ unit: fc.constantFrom(...'{}[],:"\\u0e+-.tn \n\u0001é'.split('')) }),
      )
      .map(([text, at, cut, insert]) => {
        const place = at % (text.length + 1)
        return text.slice(0, place) + insert + text.slice(place + cut)
      })
    fc.assert(
      fc.property(fc.oneof(mutilated, fc.string({ unit: 'binary' })), (text) => {
        const result = splitEventBody(Buffer.from(`[${text}]`), true)
        expect('events' in result).toBe(parses(Buffer.from(`[${text}]`).toString()))
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    '0',
    '-0',
    '1e5',
    '1E+5',
    '-1.5e-3',
    '01',
    '-',
    '1.',
    '.5',
    '1e',
    '+1',
    '1-2',
    '--1',
    'NaN',
    'Infinity',
    'tru',
    'true',
    'nulll',
    '"\\u00e9"',
    '"\\u00g9"',
    '"\\x"',
    '"a\tb"',
    '"\u007f"',
    '""',
    '"',
    "'a'",
    '{"a":1}',
    '{"a"}',
    '{a:1}',
    '{"a":1,}',
    '{,}',
    '{"a" 1}',
    '[1,]',
    '[,]',
    '[1 2]',
    '[',
    ']',
    '{',
    '}',
    '[}',
    '{"a":1]',
    '',
    ',',
  ])('agrees with JSON.parse about [%s]', (text) => {
    expect('events' in split(`[${text}]`)).toBe(parses(`[${text}]`))
  })

  it('takes nesting that would overflow a call stack', () => {
    const depth = 200_000
    const deep = '['.repeat(depth) + ']'.repeat(depth)
    expect(events(split(deep, false))).toEqual([deep])
    expect(problem(split('['.repeat(depth), false)).message).toBe('expected a JSON value, but the body ends')
  })

  it('does not mind brackets, commas and quotes within texts', () => {
    const tricky = ['{"a":"],[\\"}"}', '"\\\\"', '{"\\u0022":"é😀]"}']
    expect(events(split(`[${tricky.join(',')}]`))).toEqual(tricky)
  })

  it('takes values without line feeds between, as curl -d @file sends them', () => {
    expect(events(split('{"id":"1"}{"id":"2"}'))).toEqual(['{"id":"1"}', '{"id":"2"}'])
  })

  it('leaves out a byte-order mark', () => {
    expect(events(split('\ufeff {"id":"1"}\r\n'))).toEqual(['{"id":"1"}'])
  })

  it('takes an array as one value where arrays are not taken apart', () => {
    expect(split('[1]\n[2]', false)).toMatchObject({ kind: 'sequence' })
    expect(events(split('[1]\n[2]', false))).toEqual(['[1]', '[2]'])
  })

  it('finds nothing in nothing', () => {
    expect(split(' \n')).toEqual({ kind: 'sequence', events: [] })
    expect(split('[ ]')).toEqual({ kind: 'array', events: [] })
  })

  it('names byte, line and column, counted in characters', () => {
    expect(split('{"é":1,\n"ü": 01}')).toEqual({
      message: 'expected a JSON value; this is no JSON number',
      byte: 15,
      line: 2,
      column: 6,
    })
    expect(problem(split('[{"id":"1"}] x'))).toMatchObject({
      message: 'expected nothing after the array',
      column: 14,
    })
    expect(problem(split('{"id":"1"'))).toMatchObject({
      message: 'expected "," or "}", but the body ends',
      byte: 9,
    })
  })
})
