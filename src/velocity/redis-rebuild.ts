// A new edition of the journals in Redis, beside the one in force: begun, filled, joined by every append, switched to.
//
// Guarantees that the markers go through these states in this order, at each part by compare-and-set: whoever else changes one (a
// processor that finds Redis emptied, a second rebuild) ends this rebuild with REBUILD_ENDED at its next append or step.
// On a cluster the parts change one after the other. That is harmless, because every journal lies in one part alone.
import type { Redis } from 'ioredis'
import { AppError } from '../errors.ts'
import { type Edition, editionText } from './edition.ts'
import { editionOfKey } from './journal-key.ts'
import type { JournalStore } from './journal-store.ts'
import type { Editions } from './redis-editions.ts'
import { createExchange } from './redis-exchange.ts'
import { createMarkers, readMarker } from './redis-markers.ts'
import { connectTo, type RedisStoreOptions, storeOn } from './redis-store.ts'

export interface EditionState {
  /** Editions that are in force; more than one only in the middle of a switch. */
  readonly current: readonly number[]
  /** What a rebuild is making; null when there is none. */
  readonly next: number | null
  readonly isLost: boolean
  /** Whether some part has no marker: nothing was journaled yet, or Redis lost it and nobody has noticed. */
  readonly isUnmarked: boolean
}

export interface RebuildTarget {
  /** Being made. */
  readonly edition: number
  /** Its journals. */
  readonly store: JournalStore
  /** From now on every append of every processor goes to this edition too. */
  join(): Promise<void>
  /** Puts it in force. */
  putInForce(): Promise<void>
  /** Takes it back; its journals expire. */
  giveUp(): Promise<void>
}

export interface RedisEditions {
  state(): Promise<EditionState>
  /** Begins an edition. Throws REBUILD_ENDED when one is being made, unless it shall be given up. */
  begin(takeOver: boolean): Promise<RebuildTarget>
  /** Takes journals that Redis lost for what they are by now: decisions no longer say that they were lost. */
  acceptLoss(): Promise<void>
  /** Deletes the journals of all editions but the one in force. Resolves with how many. */
  deleteOthers(onDeleted: (keys: number) => void): Promise<number>
  close(): Promise<void>
}

const SCAN_COUNT = 1_000
/** Somebody else may change a marker between reading and changing it. */
const MOST_TRIES = 10
const NOTHING_YET: Edition = { current: 1, isLost: true, next: null }

/** Does not connect yet. */
export function openRedisEditions(
  options: Omit<RedisStoreOptions, 'hadJournals' | 'onEditions'>,
): RedisEditions {
  const { keyPrefix } = options
  const connection = connectTo(options)
  const markers = createMarkers(connection, keyPrefix)
  const exchange = createExchange(connection)
  const { parts, address } = markers
  const onEach = (work: (part: string) => Promise<void>): Promise<void> =>
    exchange.run(async () => void (await Promise.all(parts.map(work))))

  async function read(): Promise<Map<string, string>> {
    const texts = new Map<string, string>()
    await onEach(async (part) => void texts.set(part, await markers.read(part)))
    return texts
  }

  async function state(): Promise<EditionState> {
    const texts = [...(await read()).values()]
    const editions = texts.filter((text) => text !== '').map((text) => readMarker(text, address))
    const nexts = editions.flatMap(({ next }) => (next === null ? [] : [next.edition]))
    return {
      current: [...new Set(editions.map(({ current }) => current))].sort((a, b) => a - b),
      next: nexts.length === 0 ? null : Math.max(...nexts),
      isLost: editions.some(({ isLost }) => isLost),
      isUnmarked: texts.includes(''),
    }
  }

  /** Changes what every marker says, whatever somebody else makes of it meanwhile. */
  function changeAll(to: (edition: Edition) => Edition): Promise<Map<string, string>> {
    const texts = new Map<string, string>()
    return onEach(async (part) => {
      let said = await markers.read(part)
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const text = editionText(to(said === '' ? NOTHING_YET : readMarker(said, address)))
        const before = said
        said = await markers.change(part, before, text)
        texts.set(part, text)
        if (said === text) return
      }
      throw new AppError('STORE_UNAVAILABLE', `${address}: the marker of ${part} changes all the time`)
    }).then(() => texts)
  }

  const ended = (what: string): AppError => new AppError('REBUILD_ENDED', `${address}: ${what}`)

  async function begin(takeOver: boolean): Promise<RebuildTarget> {
    const { current, next } = await state()
    if (next !== null && !takeOver) {
      throw ended(
        `edition ${next} is being made already, or was broken off. If no other rebuild is running, say --take-over`,
      )
    }
    const edition = Math.max(1, ...current, next ?? 0) + 1
    const making = (isJoined: boolean) => ({ edition, isJoined })
    const texts = await changeAll((before) => ({ ...before, next: making(false) }))

    /** The step of one part after another, from what this rebuild wrote there itself. */
    async function step(to: (edition: Edition) => Edition): Promise<void> {
      await onEach(async (part) => {
        const before = texts.get(part) ?? ''
        const text = editionText(to(readMarker(before, address)))
        const said = await markers.change(part, before, text)
        if (said !== text) throw displaced(said)
        texts.set(part, text)
      })
    }
    const displaced = (said: string): AppError =>
      ended(
        `the marker says "${said}" in place of what this rebuild wrote: Redis was emptied, or somebody ended it. Start it again`,
      )
    const editions = pinned(texts, edition, displaced)
    return {
      edition,
      store: storeOn({ ...options, connection, markers, editions }),
      join: () => step((before) => ({ ...before, next: making(true) })),
      putInForce: () => step(() => ({ current: edition, isLost: false, next: null })),
      async giveUp() {
        await changeAll((before) => (before.next?.edition === edition ? { ...before, next: null } : before))
      },
    }
  }

  return {
    state,
    begin,
    async acceptLoss() {
      const { next } = await state()
      if (next !== null) throw ended(`edition ${next} is being made, which takes the loss back by itself`)
      await changeAll((before) => ({ ...before, isLost: false }))
    },
    async deleteOthers(onDeleted) {
      const { current, next } = await state()
      if (next !== null) throw ended(`edition ${next} is being made; delete the others when it is in force`)
      return await exchange.run(() => deleteKeys({ connection, keyPrefix, keep: current, onDeleted }))
    },
    close: connection.close,
  }
}

/** The edition that is being made, as long as the markers say what its rebuild wrote there. */
function pinned(
  texts: ReadonlyMap<string, string>,
  current: number,
  displaced: (said: string) => AppError,
): Editions {
  const edition: Edition = { current, isLost: false, next: null }
  return {
    believed: (part) => ({ text: texts.get(part) ?? '', edition }),
    async learn(_part, said) {
      throw displaced(said)
    },
    look: async () => undefined,
    toRead: async () => current,
    switches: () => 0,
  }
}

interface Deletion {
  readonly connection: { masters(): readonly Redis[] }
  readonly keyPrefix: string
  readonly keep: readonly number[]
  readonly onDeleted: (keys: number) => void
}

async function deleteKeys({ connection, keyPrefix, keep, onDeleted }: Deletion): Promise<number> {
  const pattern = `${keyPrefix.replaceAll(/[*?[\]\\^]/g, '\\$&')}*`
  let deleted = 0
  for (const redis of connection.masters()) {
    let cursor = '0'
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT)
      const old = keys.filter((key) => {
        const edition = editionOfKey(keyPrefix, key)
        return edition !== null && !keep.includes(edition)
      })
      // One by one: keys of a cluster's node need not be of one slot.
      const unlinking = redis.pipeline()
      for (const key of old) unlinking.unlink(key)
      for (const [error] of (await unlinking.exec()) ?? []) if (error !== null) throw error
      deleted += old.length
      onDeleted(deleted)
      cursor = next
    } while (cursor !== '0')
  }
  return deleted
}
