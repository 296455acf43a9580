// Installs the locked dependencies when they are missing or older than package-lock.json; otherwise returns at once.
// Plain JavaScript: it runs on whatever Node the machine has, before our own Node 24 is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const stampFile = join(root, 'node_modules', '.paysentry-setup')
const major = Number(process.versions.node.split('.')[0])
if (major < 20) {
  console.error(`paysentry needs Node 20 or newer to install itself; this is ${process.version}.`)
  process.exit(1)
}

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform} ${process.arch}`)
  .digest('hex')

if (installed() !== wanted) {
  console.error('Installing dependencies (about half a minute, once) …')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const result =
    npm === undefined
      ? spawnSync('npm', args, { cwd: root, stdio: 'inherit' })
      : spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
  if (result.status !== 0) {
    console.error('Installing failed; see above. "npm ci" in this folder shows everything.')
    process.exit(result.status ?? 1)
  }
  writeFileSync(stampFile, wanted)
}

function installed() {
  try {
    return readFileSync(stampFile, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}
