// A list of 1,000,000 pseudonyms: what memory it takes, how long it takes to fill, and what one question costs.
// Fails when an entry takes more than 200 bytes.
import { createHash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createListStore, listItems } from '../../src/rules/list-store.ts'
import { createPseudonymiser } from '../../src/velocity/pseudonym.ts'

const ENTRIES = 1_000_000
const QUESTIONS = 1_000_000
const LIMIT_BYTES = 200

export async function run(): Promise<void> {
  const store = createListStore(listItems(createPseudonymiser('ab'.repeat(16))))
  const heapBefore = heapBytes()
  const filling = performance.now()
  for (let i = 0; i < ENTRIES; i++) {
    const item = createHash('md5').update(String(i)).digest('base64url')
    store.put('mules', 'account', item, Number.POSITIVE_INFINITY)
  }
  const filledMs = performance.now() - filling
  const bytes = (heapBytes() - heapBefore) / store.size()
  console.log(
    `${store.size()} entries in ${(filledMs / 1_000).toFixed(1)} s, ${bytes.toFixed(0)} bytes of heap each`,
  )
  const asking = process.cpuUsage()
  let found = 0
  for (let i = 0; i < QUESTIONS; i++) if (store.has('mules', `account-${i}`, 0)) found++
  const { user, system } = process.cpuUsage(asking)
  console.log(`${((user + system) / QUESTIONS).toFixed(2)} µs a question (${found} found)`)
  if (bytes > LIMIT_BYTES) throw new Error(`more than ${LIMIT_BYTES} bytes an entry`)
}

function heapBytes(): number {
  // The collector can be called without a flag on the command line only from a context that is made after this.
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed
}
