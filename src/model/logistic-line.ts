// Logistic regression on one number: slope and intercept by Newton's method.

export interface Line {
  readonly slope: number
  readonly intercept: number
}

export interface LineOptions {
  readonly xs: ArrayLike<number>
  /** 1 where it was fraud, else 0. */
  readonly truths: ArrayLike<number>
  /** Log-odds that are added as they are; none if absent. */
  readonly offsets?: ArrayLike<number>
  readonly from: Line
  /** Where the slope is held, lightly: a handful of frauds would say anything. */
  readonly expectedSlope: number
  readonly leastSlope: number
}

const NEWTON_STEPS = 25
const RIDGE = 1

/** Log-odds = offset + slope × x + intercept, with the slope at least `leastSlope` after every step (Platt 1999). */
export function fitLine({ xs, truths, offsets, from, expectedSlope, leastSlope }: LineOptions): Line {
  let { slope, intercept } = from
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let [gs, gi, hss, hsi, hii] = [RIDGE * (slope - expectedSlope), 0, RIDGE, 0, 1e-9]
    for (let i = 0; i < xs.length; i++) {
      const x = xs[i] ?? Number.NaN
      const p = 1 / (1 + Math.exp(-((offsets?.[i] ?? 0) + slope * x + intercept)))
      const error = p - (truths[i] ?? 0)
      const curve = p * (1 - p)
      gs += error * x
      gi += error
      hss += curve * x * x
      hsi += curve * x
      hii += curve
    }
    const determinant = hss * hii - hsi * hsi
    if (!(determinant > 0)) break
    slope = Math.max(leastSlope, slope - (hii * gs - hsi * gi) / determinant)
    intercept -= (hss * gi - hsi * gs) / determinant
  }
  return { slope, intercept }
}
