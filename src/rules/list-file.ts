// `lists.yaml` of the rules folder: which lists there are and what each holds. The entries come over the control topic.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { childOf, oneOf, textField } from './file-schema.ts'
import { LIST_KINDS, type ListDeclaration } from './lists.ts'
import { readYaml } from './yaml-file.ts'

export const LISTS_FILE = 'lists.yaml'

const listSchema = z.strictObject(
  {
    name: textField().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
      error: ({ input }) => `must be words in small letters with hyphens, such as mules, and is "${input}"`,
    }),
    holds: oneOf(LIST_KINDS),
    description: textField().min(1, 'must say what is on the list, and who keeps it'),
  },
  'must be a list: name, holds, description',
)
const fileSchema = z.strictObject(
  { lists: z.array(listSchema, 'must be a list of lists, each beginning with "- name:"') },
  'must hold "lists:" and a list of them',
)

/** The path of the file, or nothing where there is none. */
export function listsFileIn(dir: string): string[] {
  const file = join(dir, LISTS_FILE)
  return existsSync(file) ? [file] : []
}

/** The lists that the folder declares; none without the file. Throws RULES_INVALID with every problem. */
export function loadListDeclarations(dir: string): readonly ListDeclaration[] {
  const file = join(dir, LISTS_FILE)
  if (!existsSync(file)) return []
  const yaml = readYaml<z.infer<typeof fileSchema>>({
    file,
    text: readFileSync(file, 'utf8'),
    schema: fileSchema,
    label: (content, [, index]) => {
      const name =
        index === undefined ? undefined : childOf(childOf(childOf(content, 'lists'), index), 'name')
      return typeof name === 'string' ? name : ''
    },
    keys: (path) => (path.length === 0 ? ['lists'] : Object.keys(listSchema.shape)),
  })
  const lists = yaml.value?.lists ?? []
  for (const [index, { name }] of lists.entries()) {
    if (lists.findIndex((other) => other.name === name) < index) {
      yaml.report(['lists', index, 'name'], 'the name is used already.')
    }
  }
  const problems = yaml.problems()
  if (problems.length > 0) throw new AppError('RULES_INVALID', `${LISTS_FILE} is not usable`, { problems })
  return lists
}
