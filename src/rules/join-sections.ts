// Joins what the files of a rules folder say besides their rules. What does not fit together is reported to the files.
import { suggestion } from '../nearest.ts'
import type { RuleFile } from './rule-file.ts'
import { DEFAULT_CUSTOMER_TEXT, NO_THRESHOLDS, type Thresholds } from './rule-set.ts'
import type { YamlPath } from './yaml-file.ts'

export interface JoinedSections {
  readonly thresholds: Thresholds
  /** What may be said to a customer for a reason code. */
  customerOf(code: string): string
}

/** Joins the sections of all files of a folder. What does not fit together is reported to the files. */
export function joinSections(files: readonly RuleFile[]): JoinedSections {
  const reasons = joinReasons(files)
  return {
    thresholds: joinThresholds(files),
    customerOf: (code) => reasons.get(code) ?? DEFAULT_CUSTOMER_TEXT,
  }
}

/** The customer's sentence by code. Where one file declares reasons, every rule's reason must be declared, and be used. */
function joinReasons(files: readonly RuleFile[]): Map<string, string> {
  const declared = new Map<string, { file: RuleFile; path: YamlPath }>()
  const texts = new Map<string, string>()
  for (const file of files) {
    for (const [code, { customer }] of Object.entries(file.sections.reasons ?? {})) {
      const path = ['reasons', code]
      const first = declared.get(code)
      if (first !== undefined) {
        file.reportAt(path, `the code ${code} is declared already, at ${first.file.locationAt(first.path)}.`)
        continue
      }
      declared.set(code, { file, path })
      texts.set(code, customer ?? DEFAULT_CUSTOMER_TEXT)
    }
  }
  if (declared.size === 0 || files.some(({ problems }) => problems().length > 0)) return texts
  const used = new Set<string>()
  for (const file of files) {
    for (const [index, { reason }] of file.definitions.entries()) {
      used.add(reason)
      if (declared.has(reason)) continue
      file.report(
        index,
        'reason',
        `no file declares the reason ${reason}.${suggestion(reason, declared.keys()) || ' Say under "reasons:" what it means.'}`,
      )
    }
  }
  for (const [code, { file, path }] of declared) {
    if (!used.has(code)) file.reportAt(path, `no rule gives the reason ${code}: remove it, or correct it.`)
  }
  return texts
}

function joinThresholds(files: readonly RuleFile[]): Thresholds {
  const sources = files.filter(({ sections }) => sections.thresholds !== undefined)
  const [first, ...others] = sources
  const path = ['thresholds']
  for (const file of others) {
    file.reportAt(path, `the folder has thresholds already, at ${first?.locationAt(path)}.`)
  }
  let isWeighted = false
  for (const file of files) {
    for (const [index, { weight }] of file.definitions.entries()) {
      if (weight === null) continue
      isWeighted = true
      if (first !== undefined) continue
      file.report(
        index,
        'weight',
        'no file of the folder has thresholds: say from which sum on what is done.',
      )
    }
  }
  if (first === undefined) return NO_THRESHOLDS
  const isReadable = files.every(({ problems }) => problems().length === 0)
  if (!isWeighted && isReadable) first.reportAt(path, 'no rule has a weight: remove the thresholds.')
  const { review, challenge, block } = first.sections.thresholds ?? {}
  return { review: review ?? null, challenge: challenge ?? null, block: block ?? null }
}
