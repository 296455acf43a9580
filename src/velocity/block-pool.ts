// Buffers of dropped journals, kept for the next ones. With a cache smaller than the traffic's journals every batch drops and
// reads hundreds; left to the garbage collector, which sees the small objects and not the large buffers behind them, that took
// 500 MB beside a cache of 128 MB.

/** One buffer, seen two ways. Holds whatever was in it before. */
export interface Block {
  readonly doubles: Float64Array
  readonly words: Uint32Array
}

export interface BlockPool {
  /** A block of at least so many doubles, and at most a quarter more. */
  take(doubles: number): Block
  /** For another use: the caller must not touch it any more. */
  give(block: Block): void
  /** Memory of the blocks that wait. */
  waitingBytes(): number
}

const SMALLEST = 4

/** Keeps blocks of up to `limitBytes` together; what comes above is left to the garbage collector. */
export function createBlockPool(limitBytes: number): BlockPool {
  // By size, the one that was asked for last at the end: journals grow, and sizes go out of use.
  const waiting = new Map<number, Block[]>()
  let bytes = 0

  function blocksOf(size: number): Block[] {
    const blocks = waiting.get(size) ?? []
    waiting.delete(size)
    waiting.set(size, blocks)
    return blocks
  }

  function dropOne(): void {
    for (const [size, blocks] of waiting) {
      if (blocks.pop() === undefined) {
        waiting.delete(size)
        continue
      }
      bytes -= size * Float64Array.BYTES_PER_ELEMENT
      return
    }
  }

  return {
    take(doubles) {
      const size = sizeClass(doubles)
      const block = blocksOf(size).pop()
      if (block === undefined) return newBlock(size)
      bytes -= block.doubles.byteLength
      return block
    },
    give(block) {
      const { byteLength, length } = block.doubles
      const same = waiting.get(length)
      if (same === undefined) waiting.set(length, [block])
      else same.push(block)
      bytes += byteLength
      while (bytes > limitBytes) dropOne()
    },
    waitingBytes: () => bytes,
  }
}

/** The next of 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 … */
function sizeClass(doubles: number): number {
  if (doubles <= SMALLEST) return SMALLEST
  const step = 2 ** (29 - Math.clz32(doubles - 1))
  return Math.ceil(doubles / step) * step
}

function newBlock(size: number): Block {
  const doubles = new Float64Array(size)
  return { doubles, words: new Uint32Array(doubles.buffer) }
}
