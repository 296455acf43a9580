// What a compiled expression may read of one payment event. Flat on purpose: closures index it directly.
import type { PaymentEvent } from '../payment/event.ts'

export interface ExpressionView {
  readonly event: PaymentEvent
  /** Event time, epoch milliseconds. */
  readonly timeMs: number
  /** Amount in major units of the base currency; NaN when there is no rate for the currency. */
  readonly amount: number
  /** One value for each slot of the window set; NaN is unknown. Filled by the velocity stage. */
  readonly windows: Float64Array
  /** The model's score, 0 to 1; NaN when the event was not scored. Filled by the score stage. */
  score: number
  /** What is missing for the decision, such as `journals` or `late:card`. Complete before the rules are asked. */
  readonly degraded: readonly string[]
}
