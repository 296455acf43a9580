// The files of a model's folder, and writing them. The manifest comes last: a folder without one is no model.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from './manifest.ts'
import { modelCard } from './model-card.ts'
import type { NetworkFiles } from './network.ts'
import { trainingReport } from './report.ts'

export const MANIFEST_FILE = 'manifest.json'
export interface NetNames {
  readonly topology: string
  readonly weights: string
}
/** Files of each head's net. */
export const RARITY_FILES: NetNames = { topology: 'rarity.json', weights: 'rarity.bin' }
export const SUPERVISED_FILES: NetNames = { topology: 'supervised.json', weights: 'supervised.bin' }
export const CARD_FILE = 'MODEL_CARD.md'
export const REPORT_FILE = 'report.html'
/** Beside the versions: names the one to load. */
export const CURRENT_FILE = 'current'

export interface TrainedModel {
  readonly manifest: Manifest
  readonly rarity: NetworkFiles
  /** Null when it was trained without labels. */
  readonly supervised: NetworkFiles | null
}

/** Writes the model into the folder, which is created; another model there is overwritten. */
export function writeModel(folder: string, { manifest, rarity, supervised }: TrainedModel): void {
  mkdirSync(folder, { recursive: true })
  // While its files change it is no model.
  rmSync(join(folder, MANIFEST_FILE), { force: true })
  const writeNet = (names: NetNames, { topology, weights }: NetworkFiles): void => {
    writeFileSync(join(folder, names.topology), topology)
    writeFileSync(join(folder, names.weights), weights)
  }
  writeNet(RARITY_FILES, rarity)
  if (supervised !== null) writeNet(SUPERVISED_FILES, supervised)
  writeFileSync(join(folder, CARD_FILE), modelCard(manifest))
  writeFileSync(join(folder, REPORT_FILE), trainingReport(manifest))
  writeFileSync(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`)
}
