import { describe, expect, it } from 'vitest'
import { storeError } from '../../../src/velocity/redis-error.ts'

const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' })

describe('an error of Redis', () => {
  it.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    'LOADING Redis is loading the dataset in memory',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'MISCONF Errors writing to the disk; commands that may modify the data set are disabled',
    'NOREPLICAS Not enough good replicas to write.',
    'CLUSTERDOWN The cluster is down',
    'BUSY Redis is busy running a script.',
    'TRYAGAIN Multiple keys request during rehashing of slot',
  ])('that passes lets a policy decide: %s', (message) => {
    expect(storeError(reply(message), 'redis:6379')).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      disposition: 'degrade',
    })
  })

  it.each([
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    "NOPERM this user has no permissions to run the 'fcall' command",
    'NOAUTH Authentication required.',
    "ERR unknown command 'FCALL'",
    'MOVED 3999 127.0.0.1:6381',
  ])('that stays ends the process: %s', (message) => {
    expect(storeError(reply(message), 'redis:6379')).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      disposition: 'fatal',
    })
  })

  it('that is none of Redis, such as a lost connection or a time-out, lets a policy decide', () => {
    for (const message of ['connect ECONNREFUSED 127.0.0.1:6379', 'Command timed out']) {
      expect(storeError(new Error(message), 'redis:6379').code).toBe('STORE_UNAVAILABLE')
    }
  })

  it('that says only that a connection broke is put into words that help', () => {
    const thrown = new Error('Reached the max retries per request limit (which is 0).')
    Object.defineProperty(thrown, 'name', { value: 'MaxRetriesPerRequestError' })
    expect(storeError(thrown, 'redis:6379')).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('redis:6379: the connection was lost while the call was under way'),
    })
  })
})
