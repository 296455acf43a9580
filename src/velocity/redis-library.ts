// The function library in Redis: loaded when it is missing or another one, left alone when it is ours.
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { AppError } from '../errors.ts'

export const LIBRARY_NAME = 'paysentry_velocity_v1'
export const APPEND_FUNCTION = 'paysentry_velocity_v1_append'
export const READ_FUNCTION = 'paysentry_velocity_v1_read'
export const COALESCE_FUNCTION = 'paysentry_velocity_v1_coalesce'
export const EDITION_FUNCTION = 'paysentry_velocity_v1_edition'
const OLDEST_MAJOR = 7

/** The code of the library, as in journal.lua. */
export function readLibraryCode(): string {
  return readFileSync(new URL('journal.lua', import.meta.url), 'utf8')
}

/**
 * Resolves when Redis has exactly this code: true when it had to be loaded. The name carries the version of the protocol, so that
 * processors of two versions work side by side; code is replaced only where it differs under the same name.
 * Throws STORE_INCOMPATIBLE for a Redis before 7.0 and for a node of a cluster in place of one server, else what ioredis throws.
 */
export async function loadLibrary(
  redis: Redis,
  code: string,
  mode: 'standalone' | 'cluster',
): Promise<boolean> {
  const info = await redis.info('server')
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown'
  if (!(Number.parseInt(version, 10) >= OLDEST_MAJOR)) {
    throw new AppError(
      'STORE_INCOMPATIBLE',
      `found Redis ${version}; functions need ${OLDEST_MAJOR}.0 or later`,
    )
  }
  if (mode === 'standalone' && /^redis_mode:cluster/m.test(info)) {
    throw new AppError('STORE_INCOMPATIBLE', 'found a node of a Redis Cluster; set redis.cluster: true')
  }
  const listed: unknown = await redis.call('FUNCTION', 'LIST', 'LIBRARYNAME', LIBRARY_NAME, 'WITHCODE')
  if (holdsText(listed, code)) return false
  await redis.call('FUNCTION', 'LOAD', 'REPLACE', code)
  return true
}

/** The reply is a list or map of fields, by protocol version; the code stands in it as it was loaded. */
function holdsText(reply: unknown, text: string): boolean {
  if (typeof reply === 'string') return reply === text
  if (typeof reply !== 'object' || reply === null) return false
  return Object.values(reply).some((part: unknown) => holdsText(part, text))
}
