// Which lists a rules folder declares, in whichever of its files. The entries come over the control topic.
import { readFileSync } from 'node:fs'
import { AppError } from '../errors.ts'
import type { ListDeclaration } from './lists.ts'
import { filesIn } from './load-rules.ts'
import { parseRuleFile } from './rule-file.ts'

/** The lists that the folder declares, in the order of its files. Throws RULES_INVALID with every problem of its files. */
export function loadListDeclarations(dir: string): readonly ListDeclaration[] {
  const files = filesIn(dir, 'rules').map((path) => parseRuleFile(path, readFileSync(path, 'utf8')))
  const problems = files.flatMap((file) => file.problems())
  if (problems.length > 0) throw new AppError('RULES_INVALID', `${dir} is not usable`, { problems })
  return files.flatMap(({ sections }) => sections.lists ?? [])
}
