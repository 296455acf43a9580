// Where a command that makes messages sends them: Kafka, standard output or a file of JSON Lines.
import { createWriteStream, openSync } from 'node:fs'
import type { Writable } from 'node:stream'
import type { Command } from 'commander'
import type { OutputRecord } from '../log/event-log.ts'
import { type TopicNames, topicNames } from '../log/topics.ts'
import { createLineWriter } from '../simulator/line-writer.ts'
import { openCommandLog } from './command-log.ts'
import { configOfProcess } from './process-host.ts'

export interface Target {
  readonly topics: TopicNames
  readonly send: (messages: readonly OutputRecord[]) => Promise<void>
  readonly close: () => Promise<void>
}

export interface TargetOptions {
  /** `kafka`, `stdout` or a file. */
  readonly to: string
  readonly config?: string
}

/** Ends the command when the file cannot be written; `onClosed` is called when whoever reads has gone. Throws CONFIG_INVALID. */
export function openTarget(command: Command, options: TargetOptions, onClosed: () => void): Target {
  if (options.to !== 'kafka') {
    const toStdout = options.to === 'stdout'
    const lines = createLineWriter(toStdout ? process.stdout : openFile(command, options.to), onClosed)
    const close = toStdout ? () => Promise.resolve() : () => lines.close()
    return { topics: topicNames(''), send: (messages) => lines.send(messages), close }
  }
  const config = configOfProcess(options.config)
  const log = openCommandLog(config, 'set PAYSENTRY_KAFKA_BROKERS, or use --to stdout or --to FILE')
  return {
    topics: topicNames(config.topics.prefix),
    send: (messages) => log.produce(messages),
    close: () => log.close(),
  }
}

function openFile(command: Command, path: string): Writable {
  try {
    return createWriteStream(path, { fd: openSync(path, 'w') })
  } catch (error) {
    return command.error(
      `error: --to ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
