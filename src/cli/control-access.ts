// What the commands that write to the control topic share: a log that is closed afterwards, who is at work, and what stands there.
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { Config } from '../config.ts'
import { type ControlChange, readControl } from '../control/control-record.ts'
import { AppError } from '../errors.ts'
import type { EventLog } from '../log/event-log.ts'
import type { LogSink } from '../log/kafka-client.ts'
import { topicNames } from '../log/topics.ts'
import { openCommandLog } from './command-log.ts'
import { now } from './process-host.ts'

/** What kafkajs has to say is of no use on a terminal; what goes wrong for good is thrown. */
const SILENT: LogSink = { debug: ignore, info: ignore, warn: ignore, error: ignore }

export interface ControlAccess {
  readonly log: EventLog
  /** The control topic. */
  readonly topic: string
  /** Author and time of what is written. */
  signed(author: string | undefined): { author: string; at: string }
  /** What stands in the topic, in its order; a record that cannot be read is left out. */
  read(): Promise<ControlChange[]>
}

/** Runs `work` with the control topic of the configuration. Throws CONFIG_INVALID without Kafka. */
export async function withControl<T>(
  config: Config,
  work: (access: ControlAccess) => Promise<T>,
): Promise<T> {
  const log = openCommandLog(config, 'lists and published rule sets live in a topic of Kafka', SILENT)
  const topic = topicNames(config.topics.prefix).control
  try {
    return await work({
      log,
      topic,
      signed: (author) => ({ author: author ?? userInfo().username, at: new Date(now()).toISOString() }),
      read: () => readAll(log, topic),
    })
  } finally {
    await log.close()
  }
}

/** The text of a file with a private key. Throws CONFIG_INVALID. */
export function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new AppError('CONFIG_INVALID', `${file} cannot be read`, { cause })
  }
}

async function readAll(log: EventLog, topic: string): Promise<ControlChange[]> {
  const changes: ControlChange[] = []
  const follower = await log.follow({
    topic,
    onRecords(records) {
      for (const record of records) {
        const change = readControl(record)
        if (typeof change !== 'string') changes.push(change)
      }
    },
  })
  await follower.stop()
  return changes
}

function ignore(): void {
  return undefined
}
