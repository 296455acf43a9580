// The jars of the test broker: fetched once by Maven into the ignored cache folder of the project.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const KAFKA_VERSION = '4.3.1'

const HERE = import.meta.dirname
const CACHE = join(HERE, '..', '..', '..', '.cache')
const run = promisify(execFile)

/**
 * Folder that holds the broker's jars. The download goes to a temporary folder that is renamed when it is complete, so
 * that an interrupted one is never taken for the real thing and two runs at once do no harm.
 */
export async function kafkaJars(): Promise<string> {
  const target = join(CACHE, `kafka-${KAFKA_VERSION}`)
  if (existsSync(target)) return target
  await requireTool(
    'mvn',
    'Apache Maven 3 (Debian and Ubuntu: apt install maven · macOS: brew install maven)',
  )
  await mkdir(CACHE, { recursive: true })
  const temporary = await mkdtemp(join(CACHE, 'kafka-jars-'))
  try {
    await maven(temporary)
    await rename(temporary, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
  return target
}

/** Throws a sentence that says what to install when `tool` is not on the path. */
export async function requireTool(tool: string, remedy: string): Promise<void> {
  try {
    await run(tool, ['-version'])
  } catch (error) {
    throw new Error(
      `The tests need a Kafka broker, and "${tool}" is not here to start one. Do one of these:\n` +
        '  - set PAYSENTRY_TEST_KAFKA_BROKERS to a broker (host:port) that the tests may use\n' +
        '  - start a Docker engine\n' +
        `  - install ${remedy}`,
      { cause: error },
    )
  }
}

async function maven(outputDirectory: string): Promise<void> {
  const args = [
    '--batch-mode',
    '--quiet',
    '--file',
    join(HERE, 'pom.xml'),
    'dependency:copy-dependencies',
    `-DoutputDirectory=${outputDirectory}`,
    '-DincludeScope=runtime',
  ]
  try {
    await run('mvn', args, { maxBuffer: 16 * 1024 * 1024 })
  } catch (error) {
    const log = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    throw new Error(`Maven could not fetch the jars of Kafka ${KAFKA_VERSION}:\n${log.slice(-4_000)}`, {
      cause: error,
    })
  }
}
