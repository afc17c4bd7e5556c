import type { Readable } from 'node:stream'

/*
 * Reads the binary form of COPY TO STDOUT into columns of numbers: float8 as they are, text by its place in a
 * dictionary. Nothing is made per row but what the columns keep.
 */

/** A column of float8 (null is NaN), or of text (null is −1) with the texts in order of appearance. */
export type BinaryColumnKind = 'float8' | 'text' | 'key'

export interface FloatColumn {
  readonly kind: 'float8'
  readonly values: Float64Array
}

export interface TextColumn {
  readonly kind: 'text'
  readonly codes: Int32Array
  readonly texts: readonly string[]
}

/** Every row's own text, for keys that hardly repeat. */
export interface KeyColumn {
  readonly kind: 'key'
  readonly keys: readonly string[]
}

const headerBytes = 19

/** Reads all rows; the kinds are those of the query's columns in their order. */
export async function readBinaryRows<const Kinds extends readonly BinaryColumnKind[]>(
  stream: Readable,
  kinds: Kinds,
): Promise<{ readonly n: number; readonly columns: readonly (FloatColumn | TextColumn | KeyColumn)[] }> {
  const builders = kinds.map(makeBuilder)
  let rest: Buffer = Buffer.alloc(0)
  let started = false
  let ended = false
  let n = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    if (!started) {
      if (buffer.length < headerBytes) {
        rest = buffer
        continue
      }
      at = headerBytes + buffer.readInt32BE(15)
      started = true
    }
    while (!ended && at + 2 <= buffer.length) {
      if (buffer.readInt16BE(at) === -1) {
        ended = true
        break
      }
      const next = endOfRow(buffer, at + 2, builders.length)
      if (next === -1) break
      readRow(buffer, at + 2, builders, n)
      n++
      at = next
    }
    rest = buffer.subarray(at)
  }
  if (!ended) throw new Error('the rows of a COPY broke off')
  return { n, columns: builders.map((builder) => builder.finish(n)) }
}

/** Where the row ends, or −1 when a part of it has not come yet. */
function endOfRow(buffer: Buffer, start: number, fields: number): number {
  let at = start
  for (let field = 0; field < fields; field++) {
    if (at + 4 > buffer.length) return -1
    at += 4 + Math.max(0, buffer.readInt32BE(at))
    if (at > buffer.length) return -1
  }
  return at
}

function readRow(buffer: Buffer, start: number, builders: readonly Builder[], row: number): void {
  let at = start
  for (const builder of builders) {
    const length = buffer.readInt32BE(at)
    builder.add(buffer, at + 4, length, row)
    at += 4 + Math.max(0, length)
  }
}

interface Builder {
  readonly add: (buffer: Buffer, at: number, length: number, row: number) => void
  readonly finish: (n: number) => FloatColumn | TextColumn | KeyColumn
}

function makeBuilder(kind: BinaryColumnKind): Builder {
  switch (kind) {
    case 'float8':
      return floatBuilder()
    case 'text':
      return textBuilder()
    case 'key':
      return keyBuilder()
  }
}

function floatBuilder(): Builder {
  let values = new Float64Array(1024)
  return {
    add: (buffer, at, length, row) => {
      if (row === values.length) {
        const larger = new Float64Array(values.length * 2)
        larger.set(values)
        values = larger
      }
      values[row] = length === -1 ? Number.NaN : buffer.readDoubleBE(at)
    },
    finish: (n) => ({ kind: 'float8', values: values.slice(0, n) }),
  }
}

function textBuilder(): Builder {
  const places = new Map<string, number>()
  let codes = new Int32Array(1024)
  return {
    add: (buffer, at, length, row) => {
      if (row === codes.length) {
        const larger = new Int32Array(codes.length * 2)
        larger.set(codes)
        codes = larger
      }
      codes[row] = length === -1 ? -1 : placeOf(places, buffer.toString('utf8', at, at + length))
    },
    finish: (n) => ({ kind: 'text', codes: codes.slice(0, n), texts: [...places.keys()] }),
  }
}

function placeOf(places: Map<string, number>, text: string): number {
  let place = places.get(text)
  if (place === undefined) {
    place = places.size
    places.set(text, place)
  }
  return place
}

function keyBuilder(): Builder {
  const keys: string[] = []
  return {
    add: (buffer, at, length) => keys.push(length === -1 ? '' : buffer.toString('utf8', at, at + length)),
    finish: () => ({ kind: 'key', keys }),
  }
}
