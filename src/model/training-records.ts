// What a model is trained on: simulated traffic, or a file of JSON Lines as `simulate --to FILE` and `import` write it.
import { createReadStream, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { AppError } from '../errors.ts'
import type { OutputRecord } from '../log/event-log.ts'
import { topicNames } from '../log/topics.ts'
import { parseObject } from '../payment/json-object.ts'
import { encodeRecord } from '../simulator/encode.ts'
import { createSimulator, type SimulatorOptions } from '../simulator/simulator.ts'

export interface PlayedRecord {
  readonly kind: 'event' | 'label'
  readonly output: OutputRecord
  /** Of an event. */
  readonly id: string
  /** What the source knows of an event, if it does. */
  readonly truth: KnownTruth | null
}

export interface KnownTruth {
  readonly isFraud: boolean
  /** Name of the simulated campaign that the event belongs to. */
  readonly campaign: string | null
}

/** A label that comes after the last event: for fitting and judging, out of every window's reach. */
export interface LaterLabel {
  readonly kind: 'later-label'
  readonly event: string
  readonly timeMs: number
}

export type TrainingRecord = PlayedRecord | LaterLabel

/** How long after the last simulated event labels are waited for. */
const LATER_MS = 60 * 86_400_000

/** So many simulated events with the labels between them, then the labels that are still to come. */
export function* simulatedRecords(options: SimulatorOptions, events: number): Generator<TrainingRecord> {
  const topics = topicNames('')
  const simulator = createSimulator(options)
  let played = 0
  let lastMs = options.startMs
  for (;;) {
    const record = simulator.next()
    if (played < events) {
      const isEvent = record.kind === 'event'
      yield {
        kind: record.kind,
        output: encodeRecord(record, topics),
        id: isEvent ? record.event.id : '',
        truth: isEvent
          ? { isFraud: record.truth === 'fraud', campaign: record.campaign?.replace(/#.*/, '') ?? null }
          : null,
      }
      if (isEvent) played++
      lastMs = record.arrivesAtMs
    } else if (record.arrivesAtMs > lastMs + LATER_MS) {
      return
    } else if (record.kind === 'label' && record.label.label === 'fraud') {
      yield { kind: 'later-label', event: record.label.event, timeMs: record.arrivesAtMs }
    }
  }
}

/**
 * The records of a file in its order. `onProgress` is told of the bytes read so far, and of how many. Throws CONFIG_INVALID for a file that
 * cannot be read and for a line that is no record, naming it.
 */
export async function* recordsOfFile(
  file: string,
  onProgress: (done: number, of: number) => void = () => undefined,
): AsyncGenerator<PlayedRecord> {
  const topics = topicNames('')
  const size = sizeOf(file)
  const input = createReadStream(file)
  let line = 0
  for await (const text of createInterface({ input })) {
    line++
    onProgress(input.bytesRead, size)
    const message = parseObject(text)
    const topic: unknown = message === null ? null : Reflect.get(message, 'topic')
    const value: unknown = message === null ? null : Reflect.get(message, 'value')
    const key: unknown = message === null ? null : Reflect.get(message, 'key')
    const time: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'time') : null
    const id: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'id') : null
    if ((topic !== topics.events && topic !== topics.labels) || typeof time !== 'string') {
      throw new AppError(
        'CONFIG_INVALID',
        `${file}:${line} is no record such as {"topic":"${topics.events}","key":…,"value":{…}}; write the file with "paysentry import" or "simulate --to ${file}"`,
      )
    }
    yield {
      kind: topic === topics.events ? 'event' : 'label',
      output: {
        topic,
        key: typeof key === 'string' ? key : null,
        value: JSON.stringify(value),
        timestampMs: Date.parse(time),
      },
      id: typeof id === 'string' ? id : '',
      truth: null,
    }
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch (error) {
    throw new AppError('CONFIG_INVALID', `${file} cannot be read; name a file of JSON Lines`, {
      cause: error,
    })
  }
}
