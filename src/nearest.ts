// The nearest known name to a mistyped one, for error messages.

/**
 * The candidate with the smallest edit distance to `name`, or null when none is near (a third of its length). Among equally
 * near ones, the first with the same first letter.
 */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  const wanted = name.toLowerCase()
  let best: string | null = null
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    // The distance is at least the difference in length, so a long name costs nothing.
    if (Math.abs(candidate.length - name.length) > bestDistance) continue
    const known = candidate.toLowerCase()
    const distance = editDistance(wanted, known)
    const wins = distance === bestDistance && best?.[0]?.toLowerCase() !== wanted[0] && known[0] === wanted[0]
    if (distance < bestDistance || (wins && best !== null)) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** ` Did you mean "…"?` or nothing. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const near = nearest(name, candidates)
  return near === null ? '' : ` Did you mean "${near}"?`
}

/** Letters to insert, remove, replace or swap with their neighbour (optimal string alignment); three rows. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const changed = Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(swapped ? Math.min(changed, (beforePrevious[j - 2] ?? 0) + 1) : changed)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[b.length] ?? 0
}
