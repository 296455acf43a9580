import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FAILURES } from '../../scripts/generate/failures-table.ts'
import { AppError, ERRORS, toAppError } from '../../src/errors.ts'

describe('the error table', () => {
  test('equals its page in the docs', () => {
    const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
    const documented = page
      .split('\n## ')
      .slice(1)
      .flatMap((section) => {
        const disposition = section.slice(0, section.indexOf('\n'))
        return [...section.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \| ([^|]+) \|$/gm)].map(
          ([, code, message, remedy]) => {
            expect(remedy?.length, code).toBeGreaterThan(20)
            return [code, { disposition, message }]
          },
        )
      })
    expect(Object.fromEntries(documented)).toEqual(ERRORS)
    expect(documented).toHaveLength(Object.keys(ERRORS).length)
  })

  test('tells for each way to fail its codes and the tests that show it, which exist', () => {
    for (const { tests, codes } of FAILURES) {
      expect(codes.length).toBeGreaterThan(0)
      for (const file of tests) expect(existsSync(new URL(`../../${file}`, import.meta.url)), file).toBe(true)
    }
    const fail = FAILURES.flatMap(({ codes }) => codes)
    for (const code of ['STORE_UNAVAILABLE', 'STORE_LATE', 'MODEL_FAILED', 'LOG_UNAVAILABLE'] as const) {
      expect(fail).toContain(code)
    }
  })

  test('has messages that are sentences without an end, so that a detail can follow', () => {
    for (const { message } of Object.values(ERRORS)) expect(message).toMatch(/^[A-Z].*[^.:]$/)
  })
})

describe('an error of the table', () => {
  test('says what it means, what happened here and every problem', () => {
    const error = new AppError('RATES_INVALID', '2 problem(s) in rates.yaml', { problems: ['a', 'b'] })
    expect(error.message).toBe('The rate file is not usable: 2 problem(s) in rates.yaml\n  - a\n  - b')
    expect(error).toMatchObject({
      name: 'AppError',
      code: 'RATES_INVALID',
      disposition: 'fatal',
      problems: ['a', 'b'],
    })
    expect('cause' in error).toBe(false)
  })

  test('keeps its cause', () => {
    const cause = new Error('ECONNREFUSED')
    expect(new AppError('STORE_UNAVAILABLE', 'ping', { cause })).toMatchObject({
      cause,
      disposition: 'degrade',
    })
  })

  test('is what any thrown value becomes: unforeseen is fatal, never retried', () => {
    const known = new AppError('PARTITION_LOST', 'x')
    expect(toAppError(known)).toBe(known)
    const thrown = new TypeError('boom')
    expect(toAppError(thrown)).toMatchObject({ code: 'UNEXPECTED', disposition: 'fatal', cause: thrown })
    expect(toAppError('text')).toMatchObject({ code: 'UNEXPECTED', cause: 'text' })
    expect(toAppError(undefined).message).toContain('undefined')
  })
})
