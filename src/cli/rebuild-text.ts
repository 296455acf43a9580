// What `paysentry rebuild` says to a person.
import type { JournalingCounts } from '../rebuild/journaling.ts'
import { formatDuration } from '../rules/duration.ts'
import type { EditionState } from '../velocity/redis-rebuild.ts'

export interface Rebuilt {
  readonly edition: number
  readonly counts: JournalingCounts
  readonly seconds: number
  /** How often the connection to Redis was another one. */
  readonly interruptions: number
  readonly deletesOld: boolean
  readonly retentionMs: number
}

export function stateText({ current, next, isLost, isUnmarked }: EditionState): string {
  const lines = [`Journals in force   ${current.length === 0 ? 'none' : `edition ${current.join(' and ')}`}`]
  if (isLost) lines.push('                    Redis lost them; decisions say journals:lost')
  if (isUnmarked && current.length > 0)
    lines.push('                    a part of Redis holds none, and no processor has noticed yet')
  if (next !== null) lines.push(`In the making       edition ${next}`)
  return `${lines.join('\n')}\n`
}

export function planText(records: number, file: string | null): string {
  const first = file === null ? '' : `the lines of ${file}, then `
  return `Would be read       ${first}${records} records of the topics\nNothing was changed\n`
}

export function rebuiltText(rebuilt: Rebuilt): string {
  const { edition, counts, seconds, interruptions } = rebuilt
  const lines = [
    `Edition ${edition} of the journals is in force`,
    `  journaled   ${some(counts.events, 'event')} and ${some(counts.labels, 'label')} in ${seconds.toFixed(1)} s`,
  ]
  if (counts.rejected > 0) lines.push(`  passed over ${some(counts.rejected, 'bad message')}`)
  for (const [what, events] of counts.left) lines.push(`  ${what.padEnd(11)} ${some(events, 'event')}`)
  if (!rebuilt.deletesOld) {
    lines.push(
      `  old ones    expire ${formatDuration(rebuilt.retentionMs)} after their last append, or at once with --delete-old`,
    )
  }
  if (interruptions > 0) {
    lines.push(
      `The connection to Redis broke ${interruptions} time(s). If Redis lost its last second then, so may these journals have: rebuild again.`,
    )
  }
  return `${lines.join('\n')}\n`
}

function some(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
