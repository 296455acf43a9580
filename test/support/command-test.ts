// What tests of commands have in common: a folder of their own for each test, and what was said on the terminal.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'

export interface CommandTest {
  /** New for each test, and gone after it. */
  readonly folder: string
  /** Everything that the test has had written to the streams so far. */
  readonly said: string
}

/** Call at the top of a file. What is written to the streams is not shown. */
export function commandTest(name: string, streams: readonly ('stdout' | 'stderr')[]): CommandTest {
  let folder = ''
  let said = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), `paysentry-${name}-`))
    said = ''
    for (const stream of streams) {
      vi.spyOn(process[stream], 'write').mockImplementation((text) => {
        said += String(text)
        return true
      })
    }
  })
  afterEach(() => {
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true })
  })
  return {
    get folder() {
      return folder
    },
    get said() {
      return said
    },
  }
}
