// The files of a model's folder, and writing them. The manifest comes last: a folder without one is no model.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from './manifest.ts'
import { modelCard } from './model-card.ts'
import type { NetworkFiles } from './network.ts'

export const MANIFEST_FILE = 'manifest.json'
export const TOPOLOGY_FILE = 'model.json'
export const WEIGHTS_FILE = 'weights.bin'
export const CARD_FILE = 'MODEL_CARD.md'
/** Beside the versions: names the one to load. */
export const CURRENT_FILE = 'current'

export interface TrainedModel extends NetworkFiles {
  readonly manifest: Manifest
}

/** Writes the model into the folder, which is created. */
export function writeModel(folder: string, { topology, weights, manifest }: TrainedModel): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, TOPOLOGY_FILE), topology)
  writeFileSync(join(folder, WEIGHTS_FILE), weights)
  writeFileSync(join(folder, CARD_FILE), modelCard(manifest))
  writeFileSync(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`)
}
