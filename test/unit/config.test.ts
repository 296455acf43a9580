import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ConfigSource, configEntries, loadConfig } from '../../src/config.ts'
import { AppError } from '../../src/errors.ts'

const KEY = '000102030405060708090a0b0c0d0e0f'

function fileWith(yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'paysentry-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'paysentry.yaml')
  writeFileSync(file, yaml)
  return file
}

function problemsOf(source: ConfigSource): readonly string[] {
  try {
    loadConfig(source)
  } catch (error) {
    if (error instanceof AppError && error.code === 'CONFIG_INVALID') return error.problems
    throw error
  }
  throw new Error('the configuration was taken')
}

describe('a configuration', () => {
  test('without file and environment has every default', () => {
    const config = loadConfig({ env: {} })
    for (const { path, defaultValue } of configEntries()) {
      const [section = '', key = ''] = path.split('.')
      expect(Reflect.get(Reflect.get(config, section), key), path).toEqual(defaultValue)
    }
  })

  test('takes values from the file', () => {
    const file = fileWith(
      'kafka:\n  brokers: [a:9092, b:9092]\n  ssl: true\nprivacy:\n  pseudonymKey: ' + KEY,
    )
    expect(loadConfig({ file, env: {} }).kafka).toMatchObject({ brokers: ['a:9092', 'b:9092'], ssl: true })
  })

  test('takes the environment rather than the file', () => {
    const file = fileWith('http: { port: 1, host: 127.0.0.1 }\nmodel: { explainAbove: 0.5 }')
    const env = { PAYSENTRY_HTTP_PORT: '2', PAYSENTRY_MODEL_EXPLAIN_ABOVE: '0.25' }
    const config = loadConfig({ file, env })
    expect(config.http).toEqual({ port: 2, host: '127.0.0.1' })
    expect(config.model.explainAbove).toBe(0.25)
  })

  test('reads lists, switches and numbers from texts', () => {
    const config = loadConfig({
      env: {
        PAYSENTRY_KAFKA_BROKERS: 'a:9092, b:9093',
        PAYSENTRY_KAFKA_SSL: 'true',
        PAYSENTRY_BATCH_MAX_RECORDS: '17',
        PAYSENTRY_PRIVACY_PSEUDONYM_KEY: KEY,
        PATH: '/bin',
      },
    })
    expect(config.kafka).toMatchObject({ brokers: ['a:9092', 'b:9093'], ssl: true })
    expect(config.batch.maxRecords).toBe(17)
  })

  test('takes a number where a text is wanted, as YAML reads 2026 for one', () => {
    expect(loadConfig({ file: fileWith('model: { version: 2026 }'), env: {} }).model.version).toBe('2026')
  })

  test('cannot be changed, at any depth', () => {
    const config = loadConfig({ env: {} })
    const objects: object[] = [config, ...Object.values(config), config.kafka.brokers]
    for (const object of objects) expect(Object.isFrozen(object)).toBe(true)
  })

  test('may be an empty file', () => {
    expect(loadConfig({ file: fileWith(''), env: {} })).toEqual(loadConfig({ env: {} }))
    expect(loadConfig({ file: fileWith('# nothing\n'), env: {} })).toEqual(loadConfig({ env: {} }))
  })
})

describe('a configuration that is not usable', () => {
  test('is told all its problems at once, from file and environment', () => {
    const file = fileWith('kafka: { ssl: maybe, brokers: 5 }\nhtpp: { port: 1 }\nbatch: { maxRecord: 5 }')
    const env = { PAYSENTRY_HTTP_PORT: '99999', PAYSENTRY_KAFKA_BROKER: 'a:1', PAYSENTRY_LOG_LEVEL: 'loud' }
    const problems = problemsOf({ file, env })
    expect([...problems].sort()).toEqual([
      'PAYSENTRY_KAFKA_BROKER is no setting. Did you mean "PAYSENTRY_KAFKA_BROKERS"?',
      'batch.maxRecord is no setting. Did you mean "batch.maxRecords"?',
      'htpp is no setting. Did you mean "http"?',
      expect.stringMatching(/^http\.port /),
      'kafka.brokers must be a list, or in the environment names with commas between',
      'kafka.ssl must be true or false',
      expect.stringMatching(/^log\.level .*"fatal"/),
    ])
  })

  test('has a message with the code, where it comes from and every problem', () => {
    const source = { env: { PAYSENTRY_HTTP_PORT: 'x' } }
    expect(() => loadConfig(source)).toThrow(
      /^The configuration is not usable: 1 problem\(s\) in the environment\n {2}- http\.port must be a whole number from 0 to 65535$/,
    )
  })

  test.each([
    ['', 'http.port'],
    ['1.5', 'http.port'],
    ['-1', 'http.port'],
    ['1e3x', 'http.port'],
  ])('for a port of "%s"', (value, path) => {
    expect(problemsOf({ env: { PAYSENTRY_HTTP_PORT: value } }).join()).toContain(path)
  })

  test('when its file is missing, is no YAML, or holds no sections', () => {
    expect(problemsOf({ file: '/nowhere/p.yaml', env: {} }).join()).toMatch(/cannot be read: ENOENT/)
    expect(problemsOf({ file: fileWith('a: ['), env: {} }).join()).toMatch(/cannot be read: /)
    expect(problemsOf({ file: fileWith('- 1'), env: {} }).join()).toMatch(/must hold sections/)
    expect(problemsOf({ file: fileWith('kafka: 5'), env: {} }).join()).toMatch(/^kafka /)
  })

  test('without a pseudonym key for what outlives the process', () => {
    const brokers = { PAYSENTRY_KAFKA_BROKERS: 'a:9092' }
    const redis = { PAYSENTRY_REDIS_URL: 'redis://a:6379' }
    for (const env of [brokers, redis]) {
      expect(problemsOf({ env })).toEqual([
        expect.stringMatching(/^privacy\.pseudonymKey is required.*openssl/),
      ])
      expect(problemsOf({ env: { ...env, PAYSENTRY_PRIVACY_PSEUDONYM_KEY: 'abc' } })).toEqual([
        expect.stringMatching(/^privacy\.pseudonymKey must be 32 hex digits/),
      ])
      expect(loadConfig({ env: { ...env, PAYSENTRY_PRIVACY_PSEUDONYM_KEY: KEY } })).toBeDefined()
    }
  })

  test('with addresses and credentials that cannot work', () => {
    const env = {
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: KEY,
      PAYSENTRY_KAFKA_BROKERS: 'http://a:9092',
      PAYSENTRY_REDIS_URL: 'a:6379',
      PAYSENTRY_KAFKA_SASL_MECHANISM: 'plain',
    }
    expect(problemsOf({ env })).toEqual([
      'redis.url must start with redis:// or rediss://',
      'kafka.brokers has "http://a:9092"; it must be host:port',
      'kafka.saslMechanism needs kafka.saslUsername and kafka.saslPassword',
    ])
  })

  test.each([
    [
      'redis://a:6379,redis://b:6379',
      'false',
      'redis.url names several nodes: that needs redis.cluster: true',
    ],
    ['redis://a:6379,b:6379', 'true', 'redis.url must start with redis:// or rediss://'],
    ['redis://a:6379/2', 'true', 'redis.url has a database number, and a Redis Cluster has database 0 alone'],
    ['', 'true', 'redis.cluster needs redis.url'],
  ])('with the Redis addresses "%s" and cluster %s', (url, cluster, problem) => {
    const env = {
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: KEY,
      PAYSENTRY_REDIS_URL: url,
      PAYSENTRY_REDIS_CLUSTER: cluster,
    }
    expect(problemsOf({ env })).toEqual([problem])
  })

  test('with a key prefix that would put all journals on one node of a cluster', () => {
    const env = {
      PAYSENTRY_PRIVACY_PSEUDONYM_KEY: KEY,
      PAYSENTRY_REDIS_URL: 'redis://a:6379',
      PAYSENTRY_REDIS_CLUSTER: 'true',
      PAYSENTRY_REDIS_KEY_PREFIX: '{ps}:',
    }
    expect(problemsOf({ env })).toEqual([expect.stringContaining('redis.keyPrefix has a brace')])
  })

  test('never shows a secret', () => {
    const env = Object.fromEntries(
      configEntries()
        .filter((entry) => entry.secret)
        .map((entry) => [entry.env, 's3cr3t']),
    )
    expect(problemsOf({ env: { ...env, PAYSENTRY_KAFKA_BROKERS: 'a:1' } }).join()).not.toContain('s3cr3t')
  })
})

describe('the list of settings', () => {
  test('has a name for the environment, a default and a meaning for each', () => {
    const entries = configEntries()
    expect(entries).toContainEqual({
      path: 'velocity.maxFutureSkewMs',
      env: 'PAYSENTRY_VELOCITY_MAX_FUTURE_SKEW_MS',
      defaultValue: 300_000,
      description: 'An event this far ahead of its broker timestamp is rejected',
      secret: false,
    })
    for (const { path, env, description } of entries) {
      expect(env, path).toMatch(/^PAYSENTRY_[A-Z]+(_[A-Z]+)+$/)
      expect(description, path).not.toBe('')
    }
    expect(new Set(entries.map((entry) => entry.env)).size).toBe(entries.length)
  })

  test('flags the secrets', () => {
    const secrets = configEntries().filter((entry) => entry.secret)
    expect(secrets.map((entry) => entry.path)).toEqual([
      'kafka.saslPassword',
      'redis.url',
      'privacy.pseudonymKey',
    ])
  })
})
