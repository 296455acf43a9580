// A binary heap of things that wait for their time. Equal times leave in the order in which they came.

export interface Queue<T> {
  size(): number
  /** The smallest time that waits; Infinity when nothing does. */
  nextMs(): number
  add(atMs: number, item: T): void
  /** Takes out the item of the smallest time; null when nothing waits. */
  take(): T | null
}

interface Entry<T> {
  readonly atMs: number
  readonly order: number
  readonly item: T
}

export function createQueue<T>(): Queue<T> {
  const heap: Entry<T>[] = []
  let added = 0

  const rise = (entry: Entry<T>): void => {
    let at = heap.length
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = heap[parentAt]
      if (parent === undefined || isBefore(parent, entry)) break
      heap[at] = parent
      at = parentAt
    }
    heap[at] = entry
  }

  const sink = (entry: Entry<T>): void => {
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      if (left === undefined) break
      const right = heap[2 * at + 2]
      const rightFirst = right !== undefined && isBefore(right, left)
      const child = rightFirst ? right : left
      if (isBefore(entry, child)) break
      heap[at] = child
      at = 2 * at + (rightFirst ? 2 : 1)
    }
    heap[at] = entry
  }

  return {
    size: () => heap.length,
    nextMs: () => heap[0]?.atMs ?? Number.POSITIVE_INFINITY,
    add: (atMs, item) => rise({ atMs, order: added++, item }),
    take: () => {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined) return null
      if (heap.length > 0) sink(last)
      return first.item
    },
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
