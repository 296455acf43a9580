// Amounts of events in euros, at the simulator's own rates.
import type { PaymentEvent } from '../../../src/payment/event.ts'
import { COUNTRIES } from '../../../src/simulator/countries.ts'

const CURRENCIES = new Map(COUNTRIES.map(({ currency }) => [currency.code, currency]))

export function eurosOf({ amount, currency }: PaymentEvent): number {
  const { exponent, perEur } = CURRENCIES.get(currency)!
  return amount / 10 ** exponent / perEur
}
