// What a client of the journals believes about their edition, part by part. A belief costs nothing: each append carries it, and Redis
// does nothing and answers what is so when it is wrong. So a switch reaches every processor with its next batch.
import type { Edition } from './edition.ts'
import { editionText } from './edition.ts'
import { type Markers, readMarker } from './redis-markers.ts'

/** A marker's text, and what it means for the caller. */
export interface Belief {
  readonly text: string
  readonly edition: Edition
}

export interface Editions {
  /** Null before the first contact. */
  believed(part: string): Belief | null
  /** Takes over what the marker says; '' for nothing, which is then mended or taken for a loss. */
  learn(part: string, said: string): Promise<void>
  /** Asks for every part, and learns what it says. */
  look(): Promise<void>
  /** The edition to read from, without changing anything. */
  toRead(part: string): Promise<number>
  /** Grows with every part that goes over to another edition. */
  switches(): number
}

export interface EditionsView {
  /** Of the part that is furthest behind. */
  readonly edition: number
  /** Whether Redis lost the journals of some part, and they were neither rebuilt nor accepted as they are. */
  readonly isLost: boolean
}

export interface FollowOptions {
  /** Whether anything was journaled before, as far as is known from elsewhere: then a Redis without a marker lost its data. */
  readonly hadJournals: () => Promise<boolean>
  /** Told whenever the view is another one. */
  readonly onChange: (view: EditionsView) => void
}

/** Follows the markers. An edition of its own begins where there is none. */
export function followEditions(markers: Markers, { hadJournals, onChange }: FollowOptions): Editions {
  const beliefs = new Map<string, Belief>()
  let switches = 0
  let shown = ''
  let looking: Promise<void> | null = null

  function adopt(part: string, text: string): void {
    const edition = readMarker(text, markers.address)
    const before = beliefs.get(part)?.edition.current
    if (before !== undefined && before !== edition.current) switches++
    beliefs.set(part, { text, edition })
  }

  /** The marker is gone, and so are the journals, unless there never were any. */
  async function begin(part: string): Promise<string> {
    const before = beliefs.get(part)?.edition
    // What was cached of the journals is gone too.
    if (before !== undefined) switches++
    const isLost = before !== undefined || (await hadJournals())
    return markers.change(part, '', editionText({ current: before?.current ?? 1, isLost, next: null }))
  }

  function tell(): void {
    const editions = [...beliefs.values()].map(({ edition }) => edition)
    const view = {
      edition: Math.min(...editions.map(({ current }) => current)),
      isLost: editions.some(({ isLost }) => isLost),
    }
    const text = JSON.stringify(view)
    if (text === shown) return
    shown = text
    onChange(view)
  }

  async function take(part: string, said: string): Promise<void> {
    adopt(part, said === '' ? await begin(part) : said)
  }

  function lookAtAll(): Promise<void> {
    looking ??= Promise.all(markers.parts.map(async (part) => take(part, await markers.read(part))))
      .then(tell)
      .finally(() => {
        looking = null
      })
    return looking
  }

  return {
    believed: (part) => beliefs.get(part) ?? null,
    async learn(part, said) {
      await take(part, said)
      tell()
      // What is so for one part is soon so for all: else a loss would be told until each part happens to be written to.
      if (markers.parts.length > 1) await lookAtAll()
    },
    look: lookAtAll,
    async toRead(part) {
      const known = beliefs.get(part)
      if (known !== undefined) return known.edition.current
      const said = await markers.read(part)
      return said === '' ? 1 : readMarker(said, markers.address).current
    },
    switches: () => switches,
  }
}
