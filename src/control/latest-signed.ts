// Which of the signed records with one key stands. Only one that a key of rules.publicKeys has signed counts, and none with a lower
// number than the one that stands, so that whoever can write to the topic but has no key can go back neither to an earlier one nor to none.
// What a processor has not seen it cannot miss: one that starts takes the last signed record that the topic still holds.
import { isSigned, signRecord } from './signature.ts'

export interface SignedRecord {
  readonly author: string
  readonly at: string
  /** Counts as 0 if absent: it was written before records of its kind had numbers. */
  readonly number?: number | undefined
  readonly signature?: string | undefined
}

export interface SignedKind<T> {
  /** Key of the records in the control topic. */
  readonly key: string
  /** What a record is, for people, and how to give it once more. */
  readonly describe: (record: T) => { readonly what: string; readonly remedy: string }
  /** What to do in place of a record without a value. */
  readonly insteadOfNone: string
}

export interface LatestSigned<T> {
  readonly current: () => T | null
  /** What was wrong with the last one that was refused; null once another one was taken. */
  readonly refused: () => string | null
  /** The next record of the topic: takes it, or says why it does not count. */
  take(record: T | null): string | null
}

/** Without keys every record counts, which is right only for those who do not act on it. */
export function createLatestSigned<T extends SignedRecord>(
  kind: SignedKind<T>,
  publicKeys: readonly string[],
): LatestSigned<T> {
  let current: T | null = null
  let refused: string | null = null
  const nameOf = (record: T): string => `${kind.describe(record).what} by ${record.author} at ${record.at}`

  const problemOf = (record: T | null): string | null => {
    if (record === null) {
      return current === null
        ? null
        : `${nameOf(current)} was taken back, which nobody can sign; ${kind.insteadOfNone}`
    }
    const { number = 0, signature } = record
    const { remedy } = kind.describe(record)
    if (signature === undefined || !isSigned(kind.key, { ...record, signature }, publicKeys)) {
      return `${nameOf(record)} was signed by no key of rules.publicKeys; ${remedy} and the right key`
    }
    const standing = current?.number ?? 0
    if (number >= standing) return null
    return `${nameOf(record)} is number ${number}, and number ${standing} stands; ${remedy}, which gives it the next number`
  }
  return {
    current: () => current,
    refused: () => refused,
    take(record) {
      refused = publicKeys.length === 0 ? null : problemOf(record)
      if (refused === null) current = record
      return refused
    },
  }
}

/** The record with this key and content that follows `before`, signed. */
export function signNext<C extends object>(
  key: string,
  content: C,
  before: SignedRecord | null,
  privateKeyPem: string,
): C & { readonly number: number; readonly signature: string } {
  const numbered = { ...content, number: (before?.number ?? 0) + 1 }
  return { ...numbered, signature: signRecord(key, numbered, privateKeyPem) }
}
