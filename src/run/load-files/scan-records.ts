/*
 * Finding where records end, without looking at values. Whether a line break is part of a value is told by the number
 * of quotes before it, as COPY sees it: an odd one is within a value. All passes hop from one byte to the next of its
 * kind, which is done in native code: some GB/s, where a loop over all bytes makes half of one.
 */

const lineFeed = 10
const carriageReturn = 13

/** What a stretch of bytes holds that begins where a record does. */
export interface RecordScan {
  /** Where the last whole record ends; 0 where none does. */
  readonly end: number
  /** Line breaks up to there, those within values too. */
  readonly lines: number
}

/** Finds the last record that ends within the bytes; `quote` is undefined where nothing is quoted. */
export function scanRecords(bytes: Buffer, quote: number | undefined): RecordScan {
  const end = lastRecordEnd(bytes, quote)
  return { end, lines: countBytes(bytes, lineFeed, end) }
}

function lastRecordEnd(bytes: Buffer, quote: number | undefined): number {
  let at = bytes.lastIndexOf(lineFeed)
  if (quote === undefined || at < 0 || bytes.indexOf(quote) < 0) return at + 1
  let isOpen = countBytes(bytes, quote) % 2 === 1
  let to = bytes.length
  while (at >= 0) {
    // From the end backwards: what is open behind the line break, with each quote between turned over.
    if (countBytes(bytes.subarray(at, to), quote) % 2 === 1) isOpen = !isOpen
    if (!isOpen) return at + 1
    to = at
    at = at === 0 ? -1 : bytes.lastIndexOf(lineFeed, at - 1)
  }
  return 0
}

/** How often a byte occurs before `end`. */
export function countBytes(bytes: Buffer, byte: number, end = bytes.length): number {
  let count = 0
  for (let at = bytes.indexOf(byte); at >= 0 && at < end; at = bytes.indexOf(byte, at + 1)) count++
  return count
}

/** Where one record stands within a stretch of them. */
export interface RecordPlace {
  readonly start: number
  readonly end: number
  /** Line breaks before it. */
  readonly line: number
  /** Line breaks in it, that at its end included. */
  readonly lines: number
  /** Line feeds and carriage returns within its values. */
  readonly feeds: number
  readonly returns: number
}

/** Where each record of a stretch stands; for the few chunks in which something is wrong. */
export function placesOfRecords(bytes: Buffer, quote: number | undefined): RecordPlace[] {
  const places: RecordPlace[] = []
  let [start, startLine, line, feeds, returns, isOpen] = [0, 0, 0, 0, 0, false]
  const finish = (end: number) => {
    places.push({ start, end, line: startLine, lines: line - startLine, feeds, returns })
    ;[start, startLine, feeds, returns] = [end, line, 0, 0]
  }
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) isOpen = !isOpen
    if (byte === carriageReturn && isOpen) returns++
    if (byte !== lineFeed) continue
    line++
    if (isOpen) feeds++
    else finish(at + 1)
  }
  if (start < bytes.length) finish(bytes.length)
  return places
}

/**
 * The lines that COPY says records are at when they are all that it gets. It counts a line for each record, and one for
 * each line break within a value, which it takes to be as that at the end of the first record; within that one it does
 * not know yet, and counts carriage returns.
 */
export function serverLines(bytes: Buffer, records: readonly RecordPlace[]): number[] {
  const [first] = records
  const breaks = first && bytes[first.end - 2] === carriageReturn ? 'returns' : 'feeds'
  let line = 0
  return records.map((record, index) => {
    line += 1 + record[index === 0 ? 'returns' : breaks]
    return line
  })
}

/**
 * The same records, all ending alike: COPY refuses a line that ends otherwise than the first. Only where both ends of
 * line occur are the bytes others.
 */
export function withLikeBreaks(bytes: Buffer, quote: number | undefined): Buffer {
  if (bytes.indexOf(carriageReturn) < 0) return bytes
  const isPlain = quote === undefined || bytes.indexOf(quote) < 0
  if (isPlain && countBytes(bytes, carriageReturn) === countBytes(bytes, lineFeed)) return bytes
  const returns: number[] = []
  let isOpen = false
  let breaks = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) isOpen = !isOpen
    if (byte !== lineFeed || isOpen) continue
    breaks++
    if (bytes[at - 1] === carriageReturn) returns.push(at - 1)
  }
  if (returns.length === 0 || returns.length === breaks) return bytes
  const pieces = [0, ...returns.map((at) => at + 1)].map((from, index) =>
    bytes.subarray(from, returns[index] ?? bytes.length),
  )
  return Buffer.concat(pieces)
}
