// Tells of changes in a folder, once for each burst of them: an editor or a checkout writes many files in a row.
import { watch } from 'node:fs'

const QUIET_MS = 200

/** Calls `onChange` when nothing has changed for QUIET_MS after a change; `onError` when watching has ended. */
export function watchFolder(
  dir: string,
  onChange: () => void,
  onError: (error: Error) => void,
): { close(): void } {
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(dir, () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, QUIET_MS)
  })
  watcher.on('error', onError)
  return {
    close() {
      clearTimeout(timer)
      watcher.close()
    },
  }
}
