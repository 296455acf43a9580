// How figures of reports are shown, on pages and in terminals.

const GROUPS = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })

/** `12,345` */
export function whole(value: number): string {
  return GROUPS.format(value)
}

/** `12.3 %`; a dash for what nobody can know. */
export function percent(value: number | null, digits = 1): string {
  return value === null ? '–' : `${(100 * value).toFixed(digits)} %`
}
