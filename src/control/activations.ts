// Which activation stands. Only one that a key of rules.publicKeys has signed counts, and none that was given before the one that
// stands, so that whoever can write to the topic but has no key cannot go back to an older rule set, nor to none.
// What a processor has not seen it cannot miss: one that starts takes the last signed activation that the topic still holds.
import { type Activation, ACTIVATION_KEY } from './control-record.ts'
import { isSigned, signRecord } from './signature.ts'

export interface Activations {
  readonly current: () => Activation | null
  /** What was wrong with the last one that was refused; null once another one was taken. */
  readonly refused: () => string | null
  /** The next record of the topic: takes it, or says why it does not count. */
  take(activation: Activation | null): string | null
}

/** Without keys every activation counts, which is right only for those who do not act on it. */
export function createActivations(publicKeys: readonly string[]): Activations {
  let current: Activation | null = null
  let refused: string | null = null
  return {
    current: () => current,
    refused: () => refused,
    take(activation) {
      refused = publicKeys.length === 0 ? null : problemOf(activation, current, publicKeys)
      if (refused === null) current = activation
      return refused
    },
  }
}

/** The activation that follows `before`, signed. */
export function signActivation(
  content: Omit<Activation, 'number' | 'signature'>,
  before: Activation | null,
  privateKeyPem: string,
): Activation {
  const numbered = { ...content, number: (before?.number ?? 0) + 1 }
  const signature = signRecord(ACTIVATION_KEY, numbered, privateKeyPem)
  return { ...numbered, signature }
}

function problemOf(
  activation: Activation | null,
  before: Activation | null,
  publicKeys: readonly string[],
): string | null {
  if (activation === null) {
    return before === null
      ? null
      : `the activation of ${before.ruleSet} was taken back, which nobody can sign; set rules.source to "folder" to let the folder decide`
  }
  const { ruleSet, author, at, number = 0, signature } = activation
  const which = `the activation of ${ruleSet} by ${author} at ${at}`
  if (signature === undefined || !isSigned(ACTIVATION_KEY, { ...activation, signature }, publicKeys)) {
    return `${which} was signed by no key of rules.publicKeys; activate it with "rules activate --key" and the right key`
  }
  const standing = before?.number ?? 0
  return number < standing ? `${which} is number ${number}, and number ${standing} stands` : null
}
