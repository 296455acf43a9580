// The markers that say which edition of the journals is in force: one on a server, one a logical shard on a cluster.
import { AppError } from '../errors.ts'
import { type Edition, parseEdition } from './edition.ts'
import { markerKey } from './journal-key.ts'
import type { RedisConnection } from './redis-connection.ts'
import { EDITION_FUNCTION } from './redis-library.ts'

export interface Markers {
  readonly parts: readonly string[]
  readonly address: string
  /** What the marker says; '' when there is none. */
  read(part: string): Promise<string>
  /** Says `text` from now on if it says `expected` ('' for nothing). Resolves with what it says by now. */
  change(part: string, expected: string, text: string): Promise<string>
}

/** What its methods throw is for an exchange (redis-exchange.ts). */
export function createMarkers(connection: RedisConnection, keyPrefix: string): Markers {
  const call = async (part: string, args: readonly string[]): Promise<string> => {
    const key = markerKey(keyPrefix, part)
    return textOf(await connection.callFunction(part, [EDITION_FUNCTION, '1', key, ...args]))
  }
  return {
    parts: connection.parts,
    address: connection.address,
    read: (part) => call(part, []),
    change: (part, expected, text) => call(part, [expected, text]),
  }
}

/** Throws STORE_INCOMPATIBLE for a text of another version. */
export function readMarker(text: string, address: string): Edition {
  const edition = parseEdition(text)
  if (edition !== null) return edition
  throw new AppError(
    'STORE_INCOMPATIBLE',
    `${address}: the marker of the journals says "${text}", which this version does not know; run the version that wrote it`,
  )
}

function textOf(reply: unknown): string {
  if (reply instanceof Uint8Array) return Buffer.from(reply).toString()
  throw new Error('the edition function answered in another form')
}
