import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellWord } from '../../../src/cli/shell-word.ts'

it('is taken by a shell for the one word that it was', () => {
  const words = ['traffic-1.jsonl', 'my traffic.jsonl', "it's $HOME; `x` \\ *", '']
  const said = execFileSync('sh', ['-c', `printf '%s\\n' ${words.map(shellWord).join(' ')}`], {
    encoding: 'utf8',
  })
  expect(said).toBe(words.map((word) => `${word}\n`).join(''))
  expect(shellWord('2026-01-01T00:00:00Z')).toBe('2026-01-01T00:00:00Z')
})
