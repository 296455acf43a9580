// Kafka's wire format, as far as a proxy must know it: every request and answer is a length and that many bytes; a request begins
// with its type, version and a number that its answer repeats. Source: Kafka protocol guide, "Protocol Primitives".

const LENGTH_BYTES = 4
const NUMBER_AT = LENGTH_BYTES + 4

/** Cuts a stream into whole requests or answers, the length included. */
export async function* frames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readInt32BE(0)
      if (rest.length < end) break
      yield rest.subarray(0, end)
      rest = rest.subarray(end)
    }
  }
}

export function requestType(frame: Buffer): number {
  return frame.readInt16BE(LENGTH_BYTES)
}

/** The number of a request, which stands in its answer too. */
export function requestNumber(frame: Buffer): number {
  return frame.readInt32BE(NUMBER_AT)
}

export function answerNumber(frame: Buffer): number {
  return frame.readInt32BE(LENGTH_BYTES)
}
