const DECISIONS = /^paysentry_decisions_total\{[^}]*\} (\d+)/gm

/** Decisions that a processor has made so far, by the text of its metrics. */
export function decisionsIn(text: string): number {
  return [...text.matchAll(DECISIONS)].reduce((sum, [, count]) => sum + Number(count), 0)
}
