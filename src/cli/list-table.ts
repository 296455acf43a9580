// What `paysentry lists show` prints. Identifiers are stored as pseudonyms alone, so pseudonyms are all that can be shown.
import { type ControlChange, type ListEntry, listKey, type ListItem } from '../control/control-record.ts'
import type { ListDeclaration } from '../rules/lists.ts'

export type ShownEntry = ListItem & ListEntry

/** The entries that stand after these changes, of one list or of all. */
export function entriesOf(changes: readonly ControlChange[], name: string | undefined): ShownEntry[] {
  const entries = new Map<string, ShownEntry>()
  for (const change of changes) {
    if (change.kind !== 'list' || (name !== undefined && change.list !== name)) continue
    const { list, holds, item, entry } = change
    const key = listKey(change)
    if (entry === null) entries.delete(key)
    else entries.set(key, { list, holds, item, ...entry })
  }
  return [...entries.values()]
}

/** All lists with their sizes, or the entries of the list `name`. */
export function listTable(
  declared: readonly ListDeclaration[],
  entries: readonly ShownEntry[],
  name: string | undefined,
  nowMs: number,
): string {
  const expired = (entry: ShownEntry) => entry.expires !== null && Date.parse(entry.expires) <= nowMs
  if (name === undefined) {
    const names = new Set([...declared.map((list) => list.name), ...entries.map((entry) => entry.list)])
    return table(
      ['LIST', 'HOLDS', 'ENTRIES', 'EXPIRED', 'DESCRIPTION'],
      [...names].map((list) => {
        const declaration = declared.find((candidate) => candidate.name === list)
        const ofList = entries.filter((entry) => entry.list === list)
        return [
          list,
          declaration?.holds ?? '-',
          String(ofList.length),
          String(ofList.filter(expired).length),
          declaration?.description ?? 'not declared in lists.yaml: no rule can ask it',
        ]
      }),
    )
  }
  return table(
    ['ENTRY', 'EXPIRES', 'AUTHOR', 'REASON'],
    entries.map((entry) => [
      entry.item,
      entry.expires === null ? 'never' : `${entry.expires}${expired(entry) ? ' (over)' : ''}`,
      entry.author,
      entry.reason,
    ]),
  )
}

/** Columns as wide as their widest cell; the last one as it is. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [head, ...rows]
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))),
    )
    .map((cells) => `${cells.join('  ')}\n`)
    .join('')
}
