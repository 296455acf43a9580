// Activations of rule sets: which one stands, and signing the next one.
import { type Activation, ACTIVATION_KEY } from './control-record.ts'
import { createLatestSigned, type LatestSigned, signNext, type SignedKind } from './latest-signed.ts'

const ACTIVATIONS: SignedKind<Activation> = {
  key: ACTIVATION_KEY,
  describe: ({ ruleSet }) => ({
    what: `the activation of ${ruleSet}`,
    remedy: 'activate it with "rules activate --key"',
  }),
  insteadOfNone: 'set rules.source to "folder" to let the folder decide',
}

export type Activations = LatestSigned<Activation>

/** Without keys every activation counts, which is right only for those who do not act on it. */
export function createActivations(publicKeys: readonly string[]): Activations {
  return createLatestSigned(ACTIVATIONS, publicKeys)
}

/** The activation that follows `before`, signed. */
export function signActivation(
  content: Omit<Activation, 'number' | 'signature'>,
  before: Activation | null,
  privateKeyPem: string,
): Activation {
  return signNext(ACTIVATION_KEY, content, before, privateKeyPem)
}
