// Recordings that tests write, and what a backtest needs to play them.
import { HORIZONS } from '../../support/horizons.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { BacktestOptions } from '../../../src/backtest/backtest.ts'
import { fileRecording } from '../../../src/backtest/recording.ts'
import type { Knowledge } from '../../../src/knowledge.ts'
import { loadRates } from '../../../src/payment/rates.ts'
import { loadRules } from '../../../src/rules/load-rules.ts'
import { createWindowSet } from '../../../src/velocity/window.ts'
import { folderOf, rulesYaml } from '../rules/support.ts'

export type RuleFields = Readonly<Record<string, string>>

export const START_MS = Date.parse('2026-03-02T12:00:00Z')
const MINUTE_MS = 60_000

/** A payment of account `account`, `minute` minutes after the start. */
export function payment(id: string, minute: number, fields: Readonly<Record<string, unknown>> = {}) {
  return {
    id,
    type: 'transfer',
    time: new Date(START_MS + minute * MINUTE_MS).toISOString(),
    amount: 10_000,
    currency: 'EUR',
    payer: { account: 'payer-1' },
    payee: { account: 'payee-1' },
    ...fields,
  }
}

export function labelOf(event: string, label: 'fraud' | 'genuine', minute: number) {
  return {
    id: `label-${event}-${label}`,
    event,
    label,
    time: new Date(START_MS + minute * MINUTE_MS).toISOString(),
    payer: { account: 'payer-1' },
    payee: { account: 'payee-1' },
  }
}

export type Message = ReturnType<typeof payment> | ReturnType<typeof labelOf>

/** A line as `paysentry simulate` writes it. */
export function lineOf(message: Message): string {
  const topic = 'label' in message ? 'payments.labels' : 'payments.events'
  return JSON.stringify({ topic, key: 'payer-1', value: message })
}

export function fileOf(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'recording-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'recorded.jsonl')
  writeFileSync(path, text)
  return path
}

/** Rules without a model, and another set over the same windows. */
export function knowledgeOf(rules: readonly RuleFields[], against: readonly RuleFields[] = rules) {
  const windows = createWindowSet()
  const load = (fields: readonly RuleFields[]) =>
    loadRules(folderOf({ 'a.yaml': rulesYaml(...fields) }), { windows, horizons: HORIZONS })
  const [ruleSet, other] = [load(rules), load(against)]
  windows.freeze()
  const knowledge: Knowledge = {
    rates: loadRates('rates.yaml'),
    ruleSet,
    ruleFolder: { dir: '', files: [] },
    scorer: null,
    challenger: null,
    windows,
    modelWindows: [],
    championWindows: 0,
  }
  return { knowledge, against: other }
}

export function optionsOf(file: string, knowledge: Knowledge): BacktestOptions {
  return {
    recording: fileRecording(file),
    knowledge,
    against: null,
    unlabelled: 'genuine',
    horizons: HORIZONS,
    cacheBytes: 1 << 24,
    maxMessageBytes: 65_536,
    maxFutureSkewMs: 300_000,
    sinceMs: Number.NEGATIVE_INFINITY,
    untilMs: Number.POSITIVE_INFINITY,
    onProgress: () => undefined,
  }
}
