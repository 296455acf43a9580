// Groups of values that rules ask for by name: those of merchant categories that everybody means alike, and a folder's own.

/** Whether a value is in the group. */
export type Group = (value: string) => boolean

/**
 * Merchant category codes (ISO 18245). What they stand for is as in Visa's Merchant Data Standards Manual and Mastercard's
 * Quick Reference Booklet, Merchant Edition.
 */
export const MCC_GROUPS = {
  /** Lotteries, online casinos, races, betting. */
  gambling: ['7800', '7801', '7802', '7995', '9406'],
  /** Quasi cash of banks and of others: foreign and virtual currency, money orders, traveller's cheques. */
  quasi_cash: ['6050', '6051'],
  /** Wire transfers, money orders, funding and payment transactions between persons. */
  money_transfer: ['4829', '6536', '6537', '6538'],
  /** Stored value: bought or loaded. */
  stored_value: ['6540'],
  /** Airlines, car rental, lodging, cruises, agencies, timeshares. */
  travel: ['3000-3999', '4411', '4511', '4722', '7011', '7012', '7512'],
  /** Inbound teleservices; dating and escort services. */
  adult: ['5967', '7273'],
  /** Media, games, applications, large digital-goods merchants. */
  digital_goods: ['5815', '5816', '5817', '5818'],
  /** Cash over the counter and from machines. */
  cash: ['6010', '6011'],
} as const satisfies Record<string, readonly string[]>

const RANGE = /^(\d+)-(\d+)$/

/** What is wrong with an item of a group; null when it is a value, or a range such as `420000-420999`. */
export function groupItemProblem(item: string): string | null {
  const [, from, to] = RANGE.exec(item) ?? []
  if (from === undefined || to === undefined) return null
  if (from.length !== to.length) return `the ends of the range ${item} must have the same number of digits`
  return from > to ? `the range ${item} ends before it begins` : null
}

/** A range holds every value whose first digits lie within it, so that six digits fit an eight-digit BIN as well. */
export function createGroup(items: readonly string[]): Group {
  const values = new Set<string>()
  const ranges: { from: string; to: string }[] = []
  for (const item of items) {
    const [, from, to] = RANGE.exec(item) ?? []
    if (from === undefined || to === undefined) values.add(item)
    else ranges.push({ from, to })
  }
  if (ranges.length === 0) return (value) => values.has(value)
  return (value) => values.has(value) || ranges.some((range) => isWithin(value, range))
}

/** Texts of digits of one length are in the order of their numbers. */
function isWithin(value: string, { from, to }: { from: string; to: string }): boolean {
  const head = value.slice(0, from.length)
  return head.length === from.length && head >= from && head <= to && /^\d+$/.test(value)
}
