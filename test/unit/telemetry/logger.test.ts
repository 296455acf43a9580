// What is written to the log, and above all what is not.
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { AppError, toAppError } from '../../../src/errors.ts'
import { createLogger, type LoggerOptions, secretsOf } from '../../../src/telemetry/logger.ts'

const CARD = '4111111111111111'
/** Stands for the real masking: its patterns are another module's matter, being applied everywhere is this one's. */
const maskCardNumbers = (text: string) => text.replaceAll(CARD, '411111******1111')

function loggerOf(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const logger = createLogger({
    level: 'trace',
    format: 'json',
    secrets: ['hunter22'],
    maskCardNumbers,
    destination: { write: (line) => lines.push(line) },
    ...options,
  })
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '')
  return { logger, lines, last }
}

describe('the JSON log', () => {
  it('writes one object a line with time, level, message and fields', () => {
    const { logger, lines, last } = loggerOf()
    logger.warn({ attempt: 2 }, 'Redis does not answer')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.endsWith('}\n')).toBe(true)
    expect(last()).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      attempt: 2,
      msg: 'Redis does not answer',
    })
  })

  it('keeps silent below its level', () => {
    const { logger, lines } = loggerOf({ level: 'warn' })
    logger.info({}, 'no')
    logger.error({}, 'yes')
    expect(lines).toHaveLength(1)
  })

  it('carries the fields of a child on each of its lines', () => {
    const { logger, last } = loggerOf()
    logger.child({ topic: 'payments.events' }).info({ partition: 3 }, 'assigned')
    expect(last()).toMatchObject({ topic: 'payments.events', partition: 3 })
  })

  it('tells code, stage, problems and every cause of an error', () => {
    const { logger, last } = loggerOf()
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const wrapped = Object.assign(new AppError('STORE_UNAVAILABLE', 'no reply', { cause: refused }), {
      stage: 'velocity',
    })
    logger.error({ err: wrapped }, 'batch failed')
    expect(last()['err']).toMatchObject({
      type: 'AppError',
      code: 'STORE_UNAVAILABLE',
      stage: 'velocity',
      message: 'Redis does not answer: no reply',
      cause: { type: 'Error', code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    })
    logger.error({ err: new AppError('CONFIG_INVALID', '1 problem', { problems: ['x is wrong'] }) }, 'no')
    expect(last()['err']).toMatchObject({ problems: ['x is wrong'] })
  })

  it('shows the stack of what nobody foresaw, and of nothing else', () => {
    const { logger, last } = loggerOf()
    logger.error({ err: new TypeError('x is not a function') }, 'a defect')
    expect(last()['err']).toMatchObject({ stack: expect.stringContaining('logger.test.ts') })
    logger.error({ err: toAppError(new TypeError('x is not a function')) }, 'a defect')
    expect(last()['err']).toMatchObject({
      code: 'UNEXPECTED',
      stack: expect.stringContaining('logger.test.ts'),
    })
    logger.error({ err: new AppError('STORE_UNAVAILABLE', 'no reply') }, 'foreseen')
    expect(last()['err']).not.toHaveProperty('stack')
  })

  it('follows no circle of causes for ever, and takes anything that can be thrown', () => {
    const { logger, last } = loggerOf()
    const error = new Error('round')
    error.cause = error
    logger.error({ err: error }, 'a circle')
    expect(JSON.stringify(last()['err']).match(/"round"/g)).toHaveLength(9)
    logger.error({ err: 'a text' }, 'thrown')
    expect(last()['err']).toEqual({ type: 'string', message: 'a text' })
  })
})

describe.each(['json', 'text'] as const)('what the %s log hides', (format) => {
  const everywhere = (secret: string): [string, (log: ReturnType<typeof loggerOf>['logger']) => void][] => [
    ['a message', (log) => log.info({}, `value ${secret} here`)],
    ['a field', (log) => log.info({ field: secret }, 'm')],
    ['a field deep inside', (log) => log.info({ a: { b: [{ c: `x${secret}` }] } }, 'm')],
    ['the name of a field', (log) => log.info({ [secret]: 1 }, 'm')],
    ['the fields of a child', (log) => log.child({ bound: secret }).info({}, 'm')],
    ['the message and stack of an error', (log) => log.error({ err: new Error(`bad ${secret}`) }, 'm')],
    ['a cause', (log) => log.error({ err: new Error('x', { cause: new Error(secret) }) }, 'm')],
    ['a thrown text', (log) => log.error({ err: secret }, 'm')],
  ]

  it.each(everywhere(CARD))('card numbers in %s', (_where, write) => {
    const { logger, lines } = loggerOf({ format })
    write(logger)
    expect(lines.join('')).not.toContain(CARD)
    expect(lines.join('')).toContain('411111******1111')
  })

  it.each(everywhere('hunter22'))('secrets in %s', (_where, write) => {
    const { logger, lines } = loggerOf({ format })
    write(logger)
    expect(lines.join('')).not.toContain('hunter22')
    expect(lines.join('')).toContain('[secret]')
  })

  it('a card number that came as a number', () => {
    const { logger, lines } = loggerOf({ format })
    logger.info({ pan: Number(CARD), amountMinor: 1999 }, 'm')
    expect(lines.join('')).not.toContain(CARD)
    expect(lines.join('')).toContain('1999')
  })
})

describe('the log at a terminal', () => {
  it('reads as time, level, message and fields', () => {
    const { logger, lines } = loggerOf({ format: 'text' })
    logger.info({ topic: 'payments.events', partitions: [1, 2], note: 'two words' }, 'assigned')
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}assigned {2}topic=payments\.events partitions=\[1,2\] note="two words"\n$/,
    )
  })

  it('shows an error with its list of problems and its causes, and the calls of a defect', () => {
    const { logger, lines } = loggerOf({ format: 'text' })
    const error = new AppError('CONFIG_INVALID', '1 problem', {
      problems: ['x is wrong'],
      cause: new Error('deep'),
    })
    logger.fatal({ err: error }, 'cannot start')
    const shown = (lines[0] ?? '').split('\n')
    expect(shown[0]).toMatch(/ FATAL cannot start$/)
    expect(shown[1]).toBe('  CONFIG_INVALID: The configuration is not usable: 1 problem')
    expect(shown[2]).toBe('    - x is wrong')
    expect(shown[3]).toBe('  because Error: deep')
    logger.fatal({ err: new TypeError('x is not a function') }, 'a defect')
    expect((lines[1] ?? '').split('\n')[2]).toMatch(/^ {4}at .*logger\.test\.ts/)
  })

  it('sends no control characters to the terminal', () => {
    const { logger, lines } = loggerOf({ format: 'text' })
    logger.info({ id: '\u001b[2J\u202egnp.exe', 'k\u0007': 1 }, 'line\r\n12:00 INFO forged\u009b')
    logger.error({ err: new Error('\u001b]0;owned\u0007') }, 'x')
    expect(lines.join('').replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u)
    expect(lines[0]?.split('\n')).toHaveLength(2)
    expect(lines[0]).toContain('\\u001b[2J')
  })
})

describe('secretsOf', () => {
  it('finds every secret setting and the passwords within URLs, as written and decoded', () => {
    const config = loadConfig({
      env: {
        PAYSENTRY_REDIS_URL: 'redis://app:p%40ssword@redis:6379/1',
        PAYSENTRY_PRIVACY_PSEUDONYM_KEY: '00112233445566778899aabbccddeeff',
        PAYSENTRY_KAFKA_SASL_PASSWORD: 'brokersecret',
      },
    })
    expect(secretsOf(config).toSorted()).toEqual([
      '00112233445566778899aabbccddeeff',
      'brokersecret',
      'p%40ssword',
      'p@ssword',
      'redis://app:p%40ssword@redis:6379/1',
    ])
  })

  it('finds the passwords of all nodes that a setting lists', () => {
    const env = {
      PAYSENTRY_REDIS_URL: 'redis://:firstword@a:6379, redis://:otherword@b:6379',
      PAYSENTRY_REDIS_CLUSTER: 'true',
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: '0'.repeat(32),
    }
    expect(secretsOf(loadConfig({ env }))).toEqual(expect.arrayContaining(['firstword', 'otherword']))
  })

  it('finds nothing where nothing is set, and keeps a lone per cent sign', () => {
    expect(secretsOf(loadConfig({ env: {} }))).toEqual([])
    const env = {
      PAYSENTRY_REDIS_URL: 'redis://:100%sure@redis',
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: '0'.repeat(32),
    }
    expect(secretsOf(loadConfig({ env }))).toContain('100%sure')
  })
})
