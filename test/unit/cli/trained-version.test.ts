import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { trainedVersion } from '../../../src/cli/trained-version.ts'
import { commandTest } from '../../support/command-test.ts'

const at = commandTest('version', [])

it.each([
  ['data/payments.jsonl', 'payments-1'],
  ['payments.2026-03.jsonl', 'payments.2026-03-1'],
  ['card stream (old).jsonl', 'card-stream-old-1'],
  ['.hidden.jsonl', 'hidden-1'],
  ['...', 'model-1'],
  [null, 'simulated-1'],
])('a model from %s is %s where there are none', (file, version) => {
  expect(trainedVersion(join(at.folder, 'none'), file, {})).toBe(version)
})

it('the next model has a number above all others of its name, whether they are whole or not', () => {
  for (const name of ['payments-1', 'payments-9', 'payments-x', 'payments', 'cards-12', 'simulated-2'])
    mkdirSync(join(at.folder, name))
  writeFileSync(join(at.folder, 'payments-10'), 'no folder')
  const next = (file: string | null): string => trainedVersion(at.folder, file, {})
  expect(next('payments.jsonl')).toBe('payments-11')
  expect(next('cards.jsonl')).toBe('cards-13')
  expect(next(null)).toBe('simulated-3')
})

it('a name that is taken is refused with what to do, unless it is to be overwritten', () => {
  mkdirSync(join(at.folder, 'cards'))
  expect(() => trainedVersion(at.folder, 'x', { name: 'cards' })).toThrow(
    /cards is there already; give another --name, another folder with --out, or --force to overwrite it/,
  )
  expect(trainedVersion(at.folder, 'x', { name: 'cards', force: true })).toBe('cards')
  expect(trainedVersion(at.folder, 'x', { name: 'cards-a' })).toBe('cards-a')
})

it('a name that no folder of a version can have is refused, and --force without a name', () => {
  for (const name of ['current', '../x', '-x', ''])
    expect(() => trainedVersion(at.folder, null, { name, force: true })).toThrow(/must be letters, digits/)
  expect(() => trainedVersion(at.folder, null, { force: true })).toThrow(/--name names: give both/)
})
