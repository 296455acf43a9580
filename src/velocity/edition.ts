// An edition: all journals that began together, with the first event or by a rebuild, under one prefix of their keys. A marker in
// Redis says which one is in force (journal-key.ts has its name). Every append says what the marker must read, so that a switch, and
// a Redis that lost its data and with them its marker, is noticed before anything is written.
//
// The marker's text, stored and golden:  3 · 3 lost · 3 filling 4 · 3 joined 4 · 3 lost filling 4 · 3 lost joined 4
//   lost      Redis lost the journals, which began anew: windows may be too small
//   filling   a rebuild writes edition 4 from the log
//   joined    and every append goes to both, until the marker says 4

export interface Edition {
  /** Its journals are read and written. */
  readonly current: number
  readonly isLost: boolean
  /** What a rebuild is making. */
  readonly next: { readonly edition: number; readonly isJoined: boolean } | null
}

const TEXT = /^(\d{1,9})( lost)?(?: (filling|joined) (\d{1,9}))?$/

export function editionText({ current, isLost, next }: Edition): string {
  const building = next === null ? '' : ` ${next.isJoined ? 'joined' : 'filling'} ${next.edition}`
  return `${current}${isLost ? ' lost' : ''}${building}`
}

/** Null for a text that this version does not know. */
export function parseEdition(text: string): Edition | null {
  const [, current, lost, state, next] = TEXT.exec(text) ?? []
  if (current === undefined) return null
  return {
    current: Number(current),
    isLost: lost !== undefined,
    next: next === undefined ? null : { edition: Number(next), isJoined: state === 'joined' },
  }
}
