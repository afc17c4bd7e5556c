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

/** Where each record of a stretch stands. */
export function placesOfRecords(bytes: Buffer, quote: number | undefined): RecordPlace[] {
  const places: RecordPlace[] = []
  walkRecords(bytes, quote, (place) => places.push(place))
  return places
}

/**
 * Where those records stand that are at some of the lines that COPY counts when it gets the whole stretch, by the
 * record's position: the others leave nothing behind, which for a few of many is much.
 */
export function placesAtLines(
  bytes: Buffer,
  quote: number | undefined,
  lines: readonly number[],
): RecordPlace[] {
  const wanted = new Set(lines)
  const found: RecordPlace[] = []
  const count = lineCounter(bytes)
  walkRecords(bytes, quote, (place) => {
    if (wanted.has(count(place))) found.push({ ...place })
  })
  return found
}

/** Visits each record. */
function walkRecords(bytes: Buffer, quote: number | undefined, visit: (place: RecordPlace) => void): void {
  let line = 0
  let open = quote === undefined ? -1 : bytes.indexOf(quote)
  for (let start = 0; start < bytes.length; ) {
    let [feeds, returns, at, end] = [0, 0, start, -1]
    while (end < 0) {
      const feed = bytes.indexOf(lineFeed, at)
      const stop = feed < 0 ? bytes.length : feed
      if (open < 0 || open > stop) {
        end = feed < 0 ? bytes.length : feed + 1
        continue
      }
      const closing = bytes.indexOf(quote!, open + 1)
      const close = closing < 0 ? bytes.length : closing
      if (stop < close) {
        const within = bytes.subarray(open, close)
        feeds += countBytes(within, lineFeed)
        returns += countBytes(within, carriageReturn)
      } else if (close - open > 1) returns += countBytes(bytes.subarray(open, close), carriageReturn)
      at = close + 1
      open = closing < 0 ? -1 : bytes.indexOf(quote!, closing + 1)
      if (at >= bytes.length) end = bytes.length
    }
    const lines = feeds + (bytes[end - 1] === lineFeed && at < end ? 1 : 0)
    visit({ start, end, line, lines, feeds, returns })
    line += lines
    start = end
  }
}

/**
 * The lines that COPY says records are at when they are all that it gets. It counts a line for each record, and one for
 * each line break within a value, which it takes to be as that at the end of the first record; within that one it does
 * not know yet, and counts carriage returns.
 */
export function serverLines(bytes: Buffer, records: readonly RecordPlace[]): number[] {
  return records.map(lineCounter(bytes))
}

/** Counts records, which have to come one after the other. */
function lineCounter(bytes: Buffer): (record: RecordPlace) => number {
  let breaks: 'returns' | 'feeds' | undefined
  let line = 0
  return (record) => {
    line += 1 + record[breaks ?? 'returns']
    breaks ??= bytes[record.end - 2] === carriageReturn ? 'returns' : 'feeds'
    return line
  }
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

const endMark = Buffer.from('\\.')

/**
 * The same records without one that is nothing but `\.`: before version 18 that is the end of the data to COPY, and what
 * comes after it is lost without a word. Enclosed it is a value like any other.
 */
export function withoutEndMark(bytes: Buffer, quote: number | undefined, enclosing: string): Buffer {
  if (bytes.indexOf(endMark) < 0) return bytes
  const marks = placesOfRecords(bytes, quote).filter(({ start, end }) =>
    /^\\\.\r?\n?$/.test(bytes.toString('latin1', start, Math.min(end, start + 5))),
  )
  if (marks.length === 0) return bytes
  const enclosed = Buffer.from(`${enclosing}\\.${enclosing}`)
  const pieces: Buffer[] = []
  let from = 0
  for (const { start } of marks) {
    pieces.push(bytes.subarray(from, start), enclosed)
    from = start + endMark.length
  }
  return Buffer.concat([...pieces, bytes.subarray(from)])
}
