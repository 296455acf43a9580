// The JSON Schemas that editors check rule files with: true of the shipped files, and of what the loader refuses.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from '../../../scripts/generate.ts'
import { rulesYaml } from './support.ts'

function schemaOf(file: string): ValidateFunction {
  const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: true })
  formats.default(ajv)
  return ajv.compile(JSON.parse(readFileSync(join(ROOT, 'docs/contracts', file), 'utf8')) as object)
}

const shipped = readdirSync(join(ROOT, 'rules')).filter((name) => name.endsWith('.yaml'))

test.each(shipped)('%s passes', (name) => {
  const validate = schemaOf(name.endsWith('.test.yaml') ? 'rule-tests.schema.json' : 'rules.schema.json')
  validate(parse(readFileSync(join(ROOT, 'rules', name), 'utf8')))
  expect(validate.errors).toBeNull()
})

const right = [
  rulesYaml({ weight: '30' }),
  rulesYaml({ action: 'allow', override: 'block' }),
  'reasons: { A: { meaning: What it stands for, customer: Please ask us. } }',
  'thresholds: { review: 30, block: 90 }',
  "define: { a: amount > 5 }\ngroups: { near: [AT, '420000-420999'] }",
  'lists: [{ name: mules, holds: account, description: Accounts of mules }]',
]
test.each(right)('of rule files takes what can be loaded: %j', (text) => {
  const validate = schemaOf('rules.schema.json')
  validate(parse(text))
  expect(validate.errors).toBeNull()
})

const wrong = [
  rulesYaml({ action: 'blok' }),
  rulesYaml({ desciption: 'x' }),
  rulesYaml({ weight: '1.5' }),
  rulesYaml({ override: 'allow' }),
  'rulez: []',
  'reasons: { A: { meaning: x, customer: More than 50 } }',
  'lists: [{ name: mules, holds: people, description: x }]',
  'groups: { near: [] }',
]
test.each(wrong)('of rule files refuses what cannot: %j', (text) => {
  expect(schemaOf('rules.schema.json')(parse(text))).toBe(false)
})

test('of rule tests refuses an expectation that does not exist', () => {
  const validate = schemaOf('rule-tests.schema.json')
  const file = (expect: string) => parse(`tests: [{ name: x, events: [{ amount: 5 }], expect: ${expect} }]`)
  expect(validate(file('{ action: block }'))).toBe(true)
  expect(validate(file('{ acton: block }'))).toBe(false)
})
