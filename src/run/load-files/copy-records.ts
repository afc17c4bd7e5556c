import type { Relation } from '../../core/node.ts'
import { type CopyInFormat, ServerError, type ServerFailure, type Session } from '../../warehouse/index.ts'
import {
  placesAtLines,
  placesOfRecords,
  type RecordPlace,
  serverLines,
  withLikeBreaks,
  withoutEndMark,
} from './scan-records.ts'

/*
 * Copying records of which some may not fit. The good way looks at nothing: all of them go to the server in one COPY.
 *
 *   17 and later   the server leaves out rows with values of another type and says which: each goes alone then, for the
 *                  reason in the server's words
 *   otherwise      it fails at a line: what comes before goes again, that one alone, then what comes after; so nothing
 *                  is sent more than twice, however much is bad
 *
 * A record is bad when it fails alone. Each COPY is a transaction of its own: nobody sees the table yet.
 */

/** Where records go, and how they are written. */
export interface CopyTarget {
  readonly relation: Relation
  readonly columns: readonly string[]
  /** What people know these columns as, where that is something else. */
  readonly namesOfColumns?: ReadonlyMap<string, string>
  /** What the table's constraints mean, where people do not know them. */
  readonly reasons?: ReadonlyMap<string, string>
  readonly format: Extract<CopyInFormat, { format: 'csv' }>
  /** What encloses values, as a byte. */
  readonly quote: number | undefined
  /** Whether the server can leave rows out. */
  readonly canSkip: boolean
}

/** A record that does not fit. */
export interface BadRecord {
  readonly line: number
  readonly column: string | null
  readonly reason: string
  readonly raw: Buffer
}

/** What became of the records of a chunk. */
export interface Copied {
  readonly rows: number
  readonly bad: readonly BadRecord[]
  /** Whether good records had to be sent more than once. */
  readonly resent: boolean
  /** The lines of records that are neither: those without any characters. */
  readonly blankLines: readonly number[]
}

/** Copies whole records; `line` is that of the file at which they begin. */
export async function copyRecords(
  session: Session,
  target: CopyTarget,
  bytes: Buffer,
  line: number,
): Promise<Copied> {
  const likeBreaks = withLikeBreaks(bytes, target.quote)
  const alike = withoutEndMark(likeBreaks, target.quote, target.format.quote ?? '"')
  const whole = await tryCopy(session, target, alike, target.canSkip)
  if (whole.failure === null && whole.skippedLines.length === 0)
    return { rows: whole.rows, bad: [], resent: false, blankLines: [] }
  const tally = { rows: whole.rows, bad: [], blankLines: [] }
  const sent = { session, target, bytes: alike, line, tally }
  if (whole.failure) {
    const places = placesOfRecords(alike, target.quote)
    await copyAround({ ...sent, places }, whole.failure)
  } else {
    const places = placesAtLines(alike, target.quote, whole.skippedLines)
    await copyEach({ ...sent, places }, [...places.keys()])
  }
  return { ...tally, resent: whole.failure !== null }
}

interface Records {
  readonly session: Session
  readonly target: CopyTarget
  readonly bytes: Buffer
  readonly line: number
  readonly places: readonly RecordPlace[]
  /** What has become of them so far. */
  readonly tally: { rows: number; readonly bad: BadRecord[]; readonly blankLines: number[] }
}

/** Sends records again in parts, around those that do not fit. */
async function copyAround(records: Records, first: ServerFailure): Promise<void> {
  const { session, target, bytes, places, tally } = records
  const waiting: Part[] = partsAround({ from: 0, to: places.length }, first, records)
  for (let part = waiting.pop(); part; part = waiting.pop()) {
    const { from, to } = part
    if (from >= to) continue
    if (to - from === 1) {
      await copyEach(records, [from])
      continue
    }
    const sent = bytes.subarray(places[from]!.start, places[to - 1]!.end)
    const result = await tryCopy(session, target, sent, target.canSkip)
    if (result.failure) {
      waiting.push(...partsAround(part, result.failure, records))
      continue
    }
    tally.rows += result.rows
    await copyEach(records, recordsAt(records, part, result.skippedLines))
  }
}

/** Records by their position: from one up to another. */
interface Part {
  readonly from: number
  readonly to: number
}

/** Before, at and behind the record that failed, the last to be sent first; halves where it is not known. */
function partsAround({ from, to }: Part, failure: ServerFailure, records: Records): Part[] {
  const line = lineOf(failure)
  const [at] = line === null ? [] : recordsAt(records, { from, to }, [line])
  if (at === undefined) {
    const middle = from + Math.ceil((to - from) / 2)
    return [
      { from: middle, to },
      { from, to: middle },
    ]
  }
  return [
    { from: at + 1, to },
    { from: at, to: at + 1 },
    { from, to: at },
  ]
}

/** Which records of a part stand at lines that the server counted in it. */
function recordsAt({ bytes, places }: Records, { from, to }: Part, lines: readonly number[]): number[] {
  if (lines.length === 0) return []
  const counted = serverLines(bytes, places.slice(from, to))
  const byLine = new Map(counted.map((line, index) => [line, from + index]))
  return lines.flatMap((line) => byLine.get(line) ?? [])
}

/** Copies records one by one: those that fail are bad. */
async function copyEach(records: Records, which: readonly number[]): Promise<void> {
  const { session, target, bytes, line, places, tally } = records
  for (const at of which) {
    const place = places[at]!
    const record = bytes.subarray(place.start, place.end)
    const { rows, failure } = await tryCopy(session, target, record, false)
    tally.rows += rows
    if (!failure) continue
    const raw = withoutBreak(record)
    const name = columnOf(failure, target.columns)
    const column = name && (target.namesOfColumns?.get(name) ?? name)
    // An empty line is no record that anybody has written.
    if (raw.length === 0) tally.blankLines.push(line + place.line)
    else tally.bad.push({ line: line + place.line, column, reason: reasonOf(failure, target), raw })
  }
}

function reasonOf({ constraint, message }: ServerFailure, { reasons }: CopyTarget): string {
  return (constraint !== undefined && reasons?.get(constraint)) || message
}

interface Tried {
  readonly rows: number
  readonly skippedLines: readonly number[]
  readonly failure: ServerFailure | null
}

/** One COPY; what the data are to blame for is a result. */
async function tryCopy(
  session: Session,
  { relation, columns, format }: CopyTarget,
  bytes: Buffer,
  skipInvalid: boolean,
): Promise<Tried> {
  try {
    const sink = session.copyIn(relation, columns, skipInvalid ? { ...format, skipInvalid } : format)
    await sink.write(bytes)
    return { ...(await sink.finish()), failure: null }
  } catch (error) {
    const failure = failureOfData(error)
    if (!failure) throw error
    return { rows: 0, skippedLines: [], failure }
  }
}

/** What COPY says of a row that has too few fields or too many. */
const badFormat = '22P04'

/** Data exceptions, constraints, what is too large, and what a domain's own function refuses. */
const dataStates = /^(22|23|54|P0001)/

/** What the server says of data; null where something else went wrong. */
export function failureOfData(error: unknown): ServerFailure | null {
  if (!(error instanceof ServerError)) return null
  return dataStates.test(error.failure.sqlstate ?? '') ? error.failure : null
}

/** `COPY name, line 3, column id: "x"` in any language: the first number behind the name. */
function lineOf({ where }: ServerFailure): number | null {
  const line = /^COPY .*?, \D*(\d+)/s.exec(where ?? '')?.[1]
  return line === undefined ? null : Number(line)
}

/** Named by a constraint, where COPY was, or, where a row is too short, in the message. */
function columnOf(
  { where, column, message, sqlstate }: ServerFailure,
  columns: readonly string[],
): string | null {
  if (column !== undefined) return column
  if (sqlstate === badFormat) return columns.find((name) => message.includes(`"${name}"`)) ?? null
  const rest = /^COPY .*?, \D*\d+, \S+ (.*)/s.exec(where ?? '')?.[1]
  return columns.find((name) => rest === name || rest?.startsWith(`${name}:`)) ?? null
}

/** A record without the line break at its end. */
export function withoutBreak(bytes: Buffer): Buffer {
  let end = bytes.length
  if (bytes[end - 1] === 10) end--
  if (bytes[end - 1] === 13) end--
  return bytes.subarray(0, end)
}
