// Lists of values that people keep beside the rules, such as accounts of mules: what `payer.account in list('mules')` asks.
// The entries come over the control topic; which lists there are, and what each holds, stands in `lists.yaml` of the rules folder.
import { ENTITY_TYPES, type EntityType } from '../velocity/entity.ts'

/** What a list may hold: identifiers, known by their pseudonyms alone, or values that name nobody, in clear. */
export const LIST_KINDS = [...ENTITY_TYPES, 'bin', 'mcc', 'country', 'text'] as const
export type ListKind = (typeof LIST_KINDS)[number]

export interface ListDeclaration {
  readonly name: string
  readonly holds: ListKind
  readonly description: string
}

export interface Lists {
  /** Whether the list has the value, in clear, at this event time (epoch milliseconds); false for a list without entries. */
  has(name: string, value: string, timeMs: number): boolean
  /**
   * Names the content of all lists: equal on processors with equal content, whatever way it came about. Changes between
   * two batches only.
   */
  readonly version: string
}

/** The version of lists that hold nothing. */
export const NO_LISTS = 'none'

/** True for identifiers of persons, cards, accounts, devices and merchants: they are kept as pseudonyms. */
export function isIdentifier(kind: ListKind): kind is EntityType {
  return ENTITY_TYPES.some((type) => type === kind)
}
