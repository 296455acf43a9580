// What everyone who acts in the simulation shares.
import type { Customers } from './customers.ts'
import type { Merchants } from './merchants.ts'
import type { Random } from './random.ts'
import type { Recorder } from './recorder.ts'

export interface Scene {
  readonly random: Random
  readonly customers: Customers
  readonly merchants: Merchants
  readonly recorder: Recorder
  /** From then on habits and campaigns are others, epoch milliseconds; Infinity for never. */
  readonly driftFromMs: number
  /** Accounts of money mules that gangs share, so that the same payee turns up in one case after another. */
  readonly muleAccounts: readonly string[]
}
