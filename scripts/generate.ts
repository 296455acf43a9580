// Writes everything that is generated from the code: the pages in docs and README's configuration table.
// `--check` writes nothing and exits with 1 when a file is stale.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { asyncApiDocument } from './generate/asyncapi.ts'
import { withConfigTable } from './generate/config-table.ts'
import { contractsPage } from './generate/contracts-page.ts'
import { errorsPage } from './generate/errors-page.ts'
import { expressionsPage } from './generate/expressions-page.ts'
import { CONTRACTS, schemaDocument } from './generate/json-schema.ts'
import { metricsPage } from './generate/metrics-page.ts'
import { RULE_FILE_SCHEMAS, ruleFileSchemaDocument } from './generate/rule-file-schemas.ts'

export const ROOT = join(import.meta.dirname, '..')
const COMMAND = 'node scripts/generate.ts'

/** Every generated file with the content that it should have, by path from the root. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const { version }: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const files = new Map<string, string>()
  for (const contract of Object.values(CONTRACTS)) {
    files.set(`docs/contracts/${contract.file}`, schemaDocument(contract))
  }
  for (const entry of RULE_FILE_SCHEMAS) {
    files.set(`docs/contracts/${entry.file}`, ruleFileSchemaDocument(entry))
  }
  files.set('docs/contracts/asyncapi.yaml', asyncApiDocument(version))
  files.set('docs/contracts/README.md', contractsPage())
  files.set('docs/errors.md', errorsPage())
  files.set('docs/expressions.md', expressionsPage())
  files.set('docs/metrics.md', metricsPage())
  const readme = read('README.md')
  if (readme !== null) files.set('README.md', withConfigTable(readme))
  return files
}

/** Paths of the generated files that are missing or differ from what the code says. */
export function staleFiles(): string[] {
  return [...generatedFiles()].flatMap(([path, content]) => (read(path) === content ? [] : [path]))
}

function read(path: string): string | null {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function main(args: readonly string[]): number {
  const stale = staleFiles()
  if (args.includes('--check')) {
    if (stale.length > 0) console.error(`Stale: ${stale.join(', ')}. Run "${COMMAND}" and commit the result.`)
    return stale.length > 0 ? 1 : 0
  }
  const files = generatedFiles()
  for (const path of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), files.get(path) ?? '')
    console.log(`wrote ${path}`)
  }
  return 0
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
