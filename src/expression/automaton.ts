// Runs a parsed pattern over a text in time linear in the text: Thompson's construction, with the sets of states that
// occur kept as states of a deterministic automaton (R. Cox, "Regular Expression Matching Can Be Simple And Fast", 2007).
import { type CharSet, parsePattern, type PatternNode } from './pattern.ts'

type Step =
  | { readonly op: 'set'; readonly set: CharSet; next: number }
  | { readonly op: 'begin' | 'end'; next: number }
  | { readonly op: 'split'; readonly nexts: number[] }
  | { readonly op: 'match' }

/** One set of steps that the automaton can be in. */
interface State {
  readonly steps: readonly number[]
  readonly matches: boolean
  readonly matchesAtEnd: boolean
  readonly nexts: Map<number, State>
}

export type Matcher = (text: string) => boolean

export type CompiledPattern =
  | { readonly ok: true; readonly matches: Matcher }
  | { readonly ok: false; readonly message: string }

const MOST_STEPS = 2_000
/** Remembered transitions; what is forgotten is computed again, so this bounds memory and not what can be matched. */
const MOST_TRANSITIONS = 4_096

/** `matches(text)` is true when the pattern matches somewhere in the text, as CEL's `matches` does. */
export function compilePattern(source: string): CompiledPattern {
  const parsed = parsePattern(source)
  if (!parsed.ok) return parsed
  const program = assemble(parsed.root)
  if (program === null) return { ok: false, message: 'its repeats make it too large' }
  return { ok: true, matches: createMatcher(program) }
}

/** The steps of a pattern; step 0 is where it starts, the last is the match. Null when there are too many. */
function assemble(root: PatternNode): readonly Step[] | null {
  const steps: Step[] = []
  const add = (step: Step): number => steps.push(step) - 1

  /** Adds the node's steps, and returns where they start. Built from the end, so that `next` is always known. */
  function build(node: PatternNode, next: number): number {
    if (steps.length > MOST_STEPS) return next
    switch (node.op) {
      case 'set':
        return add({ op: 'set', set: node.set, next })
      case 'begin':
      case 'end':
        return add({ op: node.op, next })
      case 'sequence':
        return node.items.reduceRight((after, item) => build(item, after), next)
      case 'either':
        return add({ op: 'split', nexts: node.items.map((item) => build(item, next)) })
      case 'repeat':
        return repeat(node, next)
    }
  }

  function repeat(node: PatternNode & { op: 'repeat' }, next: number): number {
    let start = next
    if (node.max === Number.POSITIVE_INFINITY) {
      const nexts = [next]
      start = add({ op: 'split', nexts })
      nexts.push(build(node.item, start))
    } else {
      for (let i = node.min; i < node.max; i++) {
        start = add({ op: 'split', nexts: [build(node.item, start), next] })
      }
    }
    for (let i = 0; i < node.min; i++) start = build(node.item, start)
    return start
  }

  const start = build(root, add({ op: 'match' }))
  add({ op: 'split', nexts: [start] })
  return steps.length > MOST_STEPS ? null : steps
}

function createMatcher(program: readonly Step[]): Matcher {
  const entry = program.length - 1
  let states = new Map<string, State>()
  let transitions = 0
  let first = stateOf(follow(program, [entry], { begin: true, end: false }), true)

  function hasMatch(steps: readonly number[]): boolean {
    return steps.some((at) => program[at]?.op === 'match')
  }

  function stateOf(steps: readonly number[], atBegin: boolean): State {
    const key = `${atBegin ? '^' : ''}${steps.join(' ')}`
    const known = states.get(key)
    if (known !== undefined) return known
    const state = {
      steps,
      matches: hasMatch(steps),
      matchesAtEnd: hasMatch(follow(program, steps, { begin: atBegin, end: true })),
      nexts: new Map<number, State>(),
    }
    states.set(key, state)
    return state
  }

  function advance(state: State, point: number): State {
    const read: number[] = [entry]
    for (const at of state.steps) {
      const step = program[at]
      if (step?.op === 'set' && step.set.some(([from, to]) => point >= from && point <= to))
        read.push(step.next)
    }
    if (++transitions > MOST_TRANSITIONS) {
      transitions = 0
      states = new Map()
      first = stateOf(follow(program, [entry], { begin: true, end: false }), true)
    }
    const next = stateOf(follow(program, read, { begin: false, end: false }), false)
    state.nexts.set(point, next)
    return next
  }

  return (text) => {
    let state = first
    for (let i = 0; i < text.length && !state.matches; i++) {
      const point = text.codePointAt(i) ?? 0
      if (point > 0xffff) i++
      state = state.nexts.get(point) ?? advance(state, point)
    }
    return state.matches || state.matchesAtEnd
  }
}

/** The steps that can be reached from these without reading a character. An `end` stays until the end is known. */
function follow(
  program: readonly Step[],
  from: readonly number[],
  at: { begin: boolean; end: boolean },
): number[] {
  const seen = new Set<number>()
  const reached: number[] = []
  const open = [...from]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const step = program[next]
    if (step === undefined || seen.has(next)) continue
    seen.add(next)
    if (step.op === 'split') open.push(...step.nexts)
    else if (step.op === 'begin') {
      if (at.begin) open.push(step.next)
    } else if (step.op === 'end' && at.end) open.push(step.next)
    else reached.push(next)
  }
  return reached.sort((a, b) => a - b)
}
