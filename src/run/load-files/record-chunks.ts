import { scanRecords } from './scan-records.ts'

/*
 * A stream of bytes, cut into chunks of whole records.
 */

/** Whole records, as COPY takes them. */
export interface Chunk {
  readonly bytes: Buffer
  /** The line of the file at which it begins, from 1. */
  readonly line: number
}

/** A record that is still not at its end after so many bytes has a quote too many: reading on would take all memory. */
const longestRecordBytes = 64 * 1024 * 1024

/** A record that has no end. */
export class EndlessRecordError extends Error {
  readonly line: number

  constructor(line: number) {
    super(`a record that begins here has no end within ${longestRecordBytes / 1024 / 1024} MB`)
    this.line = line
  }
}

export interface ChunkOptions {
  /** What encloses values in which line breaks are part of them. */
  readonly quote: number | undefined
  /** How long chunks are to be, asked before each. */
  readonly sizeBytes: () => number
}

/** Cuts a stream into chunks; the last may end without a line break. */
export async function* recordChunks(
  bytes: AsyncIterable<Buffer>,
  { quote, sizeBytes }: ChunkOptions,
): AsyncGenerator<Chunk> {
  let pieces: Buffer[] = []
  let length = 0
  let wanted = sizeBytes()
  let line = 1
  for await (const piece of withoutMark(bytes)) {
    pieces.push(piece)
    length += piece.length
    if (length < wanted) continue
    let rest = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length)
    while (rest.length >= wanted) {
      // Not more than is wanted, unless a record is longer.
      let scan = scanRecords(rest.subarray(0, wanted), quote)
      if (scan.end === 0) scan = scanRecords(rest, quote)
      if (scan.end === 0) {
        if (rest.length > longestRecordBytes) throw new EndlessRecordError(line)
        wanted = 2 * rest.length
        break
      }
      yield { bytes: rest.subarray(0, scan.end), line }
      line += scan.lines
      rest = rest.subarray(scan.end)
      wanted = sizeBytes()
    }
    pieces = rest.length > 0 ? [rest] : []
    length = rest.length
  }
  if (length > 0) yield { bytes: Buffer.concat(pieces, length), line }
}

/** Without the byte order mark that some programs begin a file with. */
export async function* withoutMark(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first: Buffer | undefined = Buffer.alloc(0)
  for await (const piece of bytes) {
    if (!first) {
      yield piece
      continue
    }
    first = Buffer.concat([first, piece])
    if (first.length < 3) continue
    yield first.subarray(0, 3).equals(byteOrderMark) ? first.subarray(3) : first
    first = undefined
  }
  if (first && first.length > 0) yield first
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
