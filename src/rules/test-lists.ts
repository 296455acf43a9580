// Lists as a rule test fills them: each test begins with what it says itself.

export interface TestLists {
  has(name: string, value: string): boolean
  /** Takes the place of what they held. */
  fill(lists: Readonly<Record<string, readonly string[]>>): void
}

export function createTestLists(): TestLists {
  let lists: Readonly<Record<string, readonly string[]>> = {}
  return {
    has: (name, value) => lists[name]?.includes(value) === true,
    fill(next) {
      lists = next
    },
  }
}
