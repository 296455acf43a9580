// Promotions of models and their withdrawals: which one stands in each role, and signing the next one.
import {
  type ModelChoice,
  modelKey,
  type ModelRole,
  type Promotion,
  type Withdrawal,
} from './control-record.ts'
import { createLatestSigned, type LatestSigned, signNext, type SignedKind } from './latest-signed.ts'

export type Promotions = Readonly<Record<ModelRole, LatestSigned<ModelChoice>>>

type Unsigned<T> = Omit<T, 'number' | 'signature'>

/** Without keys every promotion counts, which is right only for those who do not act on it. */
export function createPromotions(publicKeys: readonly string[]): Promotions {
  return {
    champion: createLatestSigned(kindOf('champion'), publicKeys),
    challenger: createLatestSigned(kindOf('challenger'), publicKeys),
  }
}

/** The promotion or the withdrawal that follows `before` in this role, signed. */
export function signModelChoice(
  role: ModelRole,
  content: Unsigned<Promotion> | Unsigned<Withdrawal>,
  before: ModelChoice | null,
  privateKeyPem: string,
): ModelChoice {
  return signNext(modelKey(role), content, before, privateKeyPem)
}

function kindOf(role: ModelRole): SignedKind<ModelChoice> {
  const flag = role === 'challenger' ? ' --challenger' : ''
  return {
    key: modelKey(role),
    describe: (choice) =>
      choice.withdrawn === true
        ? {
            what: `the withdrawal of the ${role}`,
            remedy: `withdraw it with "models withdraw${flag} --key"`,
          }
        : {
            what: `the promotion of ${choice.version} (${choice.hash}) as ${role}`,
            remedy: `promote it with "models promote${flag} --key"`,
          },
    insteadOfNone: `"models withdraw${flag} --key" puts the model of the configuration in force`,
  }
}
