// What must hold while two versions of the processor run on one Redis: docs/upgrading.md.
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FORMAT_TAG, HEADER_BYTES, RECORD_BYTES } from '../../src/velocity/journal-codec.ts'
import { editionPrefix, markerKey } from '../../src/velocity/journal-key.ts'
import { readJournal } from '../../src/velocity/journal-reader.ts'
import { LIBRARY_NAME, loadLibrary, readLibraryCode } from '../../src/velocity/redis-library.ts'
import { createRedisStore } from '../../src/velocity/redis-store.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { appendOf } from '../unit/velocity/records.ts'

const RECORD = new Uint8Array(RECORD_BYTES).fill(7)
const keyPrefix = `test-${randomBytes(4).toString('hex')}:`
let redis: TestRedis
let client: Redis
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
})
afterAll(async () => {
  client.disconnect()
  await redis.stop()
})
const openStore = () =>
  createRedisStore({ url: redis.url, keyPrefix, commandTimeoutMs: 5_000, retentionMs: 600_000 })
const append = async (store: ReturnType<typeof openStore>, key: string) => {
  let kind = ''
  await store.append([appendOf(key, RECORD)], (reply) => {
    kind = reply.kind
  })
  return kind
}

it('lets the library of another version stand beside ours, and both append to one journal', async () => {
  const newer = readLibraryCode().replaceAll(LIBRARY_NAME, 'paysentry_velocity_v99')
  await client.call('FUNCTION', 'LOAD', newer)
  const store = openStore()
  await append(store, '{1}:card:shared')
  const own = await store.readPart('{1}:card:shared', 0, HEADER_BYTES)
  // It knows nothing of the journal: no header, no length. Then the length of the record, and the record.
  const packed = Buffer.concat([Buffer.alloc(HEADER_BYTES + 4), Buffer.from([RECORD_BYTES, 0, 0, 0]), RECORD])
  const headers = Buffer.concat([own?.header ?? new Uint8Array(), own?.header ?? new Uint8Array()])
  const keys = [markerKey(keyPrefix, ''), `${editionPrefix(keyPrefix, 1)}{1}:card:shared`]
  const args = ['600000', headers, packed, '1000000', '1000000', '1', '1']
  await client.call('FCALL', 'paysentry_velocity_v99_append', '2', ...keys, ...args)
  await append(store, '{1}:card:shared')
  expect(await readJournal(store, '{1}:card:shared')).toHaveLength(HEADER_BYTES + 3 * RECORD_BYTES)
  expect(await loadLibrary(client, readLibraryCode(), 'standalone')).toBe(false)
  const libraries = JSON.stringify(await client.call('FUNCTION', 'LIST'))
  expect(libraries).toContain('paysentry_velocity_v99')
  expect(libraries).toContain(LIBRARY_NAME)
  await store.close()
})

it('refuses a journal of a newer format and leaves it as it is', async () => {
  const key = '{1}:card:newer'
  const wholeKey = editionPrefix(keyPrefix, 1) + key
  const newer = Buffer.alloc(HEADER_BYTES + RECORD_BYTES, 9)
  newer.writeUInt32LE(FORMAT_TAG + 0x01_00_00_00)
  await client.set(wholeKey, newer)
  const store = openStore()
  await expect(append(store, key)).rejects.toMatchObject({
    code: 'STORE_INCOMPATIBLE',
    message: expect.stringContaining(key),
  })
  expect(await client.getBuffer(wholeKey)).toEqual(newer)
  await store.close()
})
