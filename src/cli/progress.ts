// A progress bar on a terminal: one line, drawn over and over. Elsewhere nothing, so that logs stay readable.

const BAR_WIDTH = 24
const DRAW_EVERY_MS = 100

/** `Learning habits  ████████░░░░  66 %` */
export function progressLine(what: string, done: number, of: number): string {
  const share = Math.min(1, done / Math.max(1, of))
  const filled = Math.round(BAR_WIDTH * share)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
  return `${what}  ${bar} ${String(Math.floor(100 * share)).padStart(3)} %`
}

/** `detail` stands behind the bar, such as a rate. */
export function progressTo(
  stream: NodeJS.WriteStream,
  what: string,
): (done: number, of: number, detail?: string) => void {
  let drawnAt = Number.NEGATIVE_INFINITY
  return (done, of, detail = '') => {
    if (!stream.isTTY || (done < of && performance.now() - drawnAt < DRAW_EVERY_MS)) return
    drawnAt = performance.now()
    stream.write(`\r\u001b[K${progressLine(what, done, of)}${detail}${done < of ? '' : '\n'}`)
  }
}
