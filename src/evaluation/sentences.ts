// What an evaluation says in words, in a terminal and on its page.
import { percent, whole } from '../backtest/shown.ts'
import type { EvaluationReport } from './report.ts'

/** What was played, what was judged, and what was fitted to what. */
export function headSentences(report: EvaluationReport): string[] {
  const { source, played, judged, fits, model, everyDays } = report
  const fitted =
    model === null
      ? `Fitted ${fits.length} times, every ${everyDays} days, each time to payments and labels from before that day alone; from ${whole(fits[0]?.payments ?? 0)} payments with ${whole(fits[0]?.frauds ?? 0)} labelled frauds at first to ${whole(fits.at(-1)?.payments ?? 0)} with ${whole(fits.at(-1)?.frauds ?? 0)}.`
      : `The model ${model} as it is; baselines fitted every ${everyDays} days to what was known before that day.`
  return [
    `${source}: ${whole(played.events)} events with ${whole(played.payments)} payments, ${played.from.slice(0, 10)} to ${played.to.slice(0, 10)}.`,
    `Judged: ${whole(judged.payments)} payments of ${judged.from} to ${judged.to}, ${whole(judged.frauds)} of them fraud (${percent(judged.frauds / judged.payments, 2)}) of ${whole(judged.fraudMoney)} ${report.currency}, with ${whole(judged.fraudCards)} of ${whole(judged.cards)} cards or accounts.`,
    fitted,
  ]
}

/** What the figures are. */
export function figureNotes({ resamples, cardsADay, judged, days }: EvaluationReport): string {
  const possible = percent(Math.min(1, judged.fraudCards / (cardsADay * days.length)))
  const below = resamples === 0 ? '' : ` Below each figure, 95 % of ${resamples} bootstrap resamples.`
  return `AP: average precision. At 1 % FP, at 0.1 %: share of the frauds found when so many genuine payments are stopped; value: of their money at 1 %. Cards/day: precision of the ${cardsADay} highest cards of a day, found ones left out from then on; no score could have more than ${possible} on average.${below}`
}
