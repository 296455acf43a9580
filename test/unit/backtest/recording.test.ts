import { expect, test } from 'vitest'
import { type RecordedLine, readRecording } from '../../../src/backtest/recording.ts'
import { fileOf, labelOf, lineOf, payment } from './support.ts'

async function linesOf(text: string): Promise<RecordedLine[]> {
  const all: RecordedLine[] = []
  for await (const lines of readRecording({ file: fileOf(text) })) all.push(...lines)
  return all
}

test('values come out byte for byte, whatever is in them and however the line is written', async () => {
  const value = payment('é}"1', 0, { attributes: { note: 'a,"value":{' } })
  const text = JSON.stringify(value)
  const spaced = `{ "value" : ${text} , "topic": "eu.payments.events" }`
  const lines = await linesOf(`${lineOf(value)}\n\n${spaced}\n${text}\n${lineOf(labelOf('x', 'fraud', 1))}`)
  expect(lines.map(({ kind, line, value: bytes }) => [kind, line, JSON.parse(String(bytes)).id])).toEqual([
    ['event', 1, 'é}"1'],
    ['event', 3, 'é}"1'],
    ['event', 4, 'é}"1'],
    ['label', 5, 'label-x-fraud'],
  ])
  expect(lines[0]?.value?.toString()).toBe(text)
})

test('a bad message stays as bad as it was', async () => {
  const lines = await linesOf(
    '{"topic":"payments.events","key":null,"value":"{\\"id\\":1,"}\n{"topic":"payments.events","key":null,"value":null}\n',
  )
  expect(lines.map(({ value }) => value?.toString() ?? null)).toEqual(['{"id":1,', null])
})

test('pieces of the file end anywhere', async () => {
  const count = 12_000
  const text = Array.from({ length: count }, (_, i) => lineOf(payment(`ü-${i}`, i))).join('\n')
  expect(Buffer.byteLength(text)).toBeGreaterThan(2 << 20)
  const lines = await linesOf(text)
  expect(lines.map(({ value }) => JSON.parse(String(value)).id)).toEqual(
    Array.from({ length: count }, (_, i) => `ü-${i}`),
  )
})

test('a line that is no object is named, with what stands there', async () => {
  await expect(linesOf(`${lineOf(payment('a', 0))}\nnonsense\n`)).rejects.toThrow(
    /recorded\.jsonl:2 is no JSON object: nonsense; each line holds one message/,
  )
  await expect(async () => {
    for await (const _ of readRecording({ file: '/nowhere/at-all' }));
  }).rejects.toThrow(/The recorded traffic is not usable: \/nowhere\/at-all cannot be read/)
})
