import { createReadStream } from 'node:fs'
import { makeProblem, type Place, ProblemError } from '../../core/problem.ts'
import { type DbtColumn, dbtColumn, dbtColumnNames } from './dbt-types.ts'
import { type CsvStyle, csvError, csvRows, isNullText } from './read-csv.ts'

/*
 * The types of a CSV's columns, from all of its values: the narrowest of integer, bigint, float8, date, timestamp,
 * timestamptz and boolean that every value fits, and text for the rest. An empty field is null and fits everything; a
 * column of nothing but nulls is an integer, as in dbt. Other than in dbt, a number with a leading zero, a percent sign
 * or separators of thousands stays the text that it is; but in a project made for dbt the types are dbt's.
 */

export interface CsvColumn {
  readonly name: string
  readonly type: string
  /** The type to load the values as, where the column gets its own only then. */
  readonly loadAs?: string
  /** Makes of a value what the server takes for it. */
  readonly clean?: (value: string) => string
}

export interface InferredCsv {
  readonly columns: readonly CsvColumn[]
  /** Whether the server can read the file as it is; otherwise its rows have to be read here. */
  readonly isPlain: boolean
}

interface Candidate {
  readonly type: string
  readonly fits: (value: string) => boolean
}

const maxInt4 = 2147483647
// A leading zero is part of a code (a postcode, a product number), not of a number.
const wholeNumber = /^[+-]?(?:0|[1-9]\d*)$/
const time = String.raw`\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?`
const timestamp = new RegExp(`^${time}$`)
const timestampWithZone = new RegExp(`^${time} ?(?:Z|[+-]\\d{2}(?::?\\d{2})?)$`)

/** Narrowest first; a column takes the first that all its values fit. */
const candidates: readonly Candidate[] = [
  { type: 'integer', fits: (value) => wholeNumber.test(value) && Math.abs(Number(value)) <= maxInt4 },
  { type: 'bigint', fits: (value) => wholeNumber.test(value) && value.replace(/^[+-]/, '').length <= 18 },
  {
    type: 'float8',
    fits: (value) => /^[+-]?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d+)?$/.test(value) && /\d/.test(value),
  },
  { type: 'date', fits: (value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && isRealDate(value) },
  { type: 'timestamp', fits: (value) => timestamp.test(value) && isRealDate(value.slice(0, 10)) },
  { type: 'timestamptz', fits: (value) => timestampWithZone.test(value) && isRealDate(value.slice(0, 10)) },
  { type: 'boolean', fits: (value) => /^(?:true|false)$/i.test(value) },
  { type: 'text', fits: () => true },
]

/** Reads the file once, in constant memory; throws a problem with the line when it is no CSV. */
export async function inferCsv(file: string, shownPath: string, style: CsvStyle): Promise<InferredCsv> {
  const { likeDbt } = style
  const rows = csvRows(file, style)
  let header: string[] | null = null
  let columns: readonly ColumnTypes[] = []
  let isPlain = true
  try {
    for await (const row of rows) {
      if (!header) {
        header = likeDbt ? dbtColumnNames(row) : checkHeader(row, shownPath)
        columns = row.map(likeDbt ? dbtColumn : ownColumn)
        continue
      }
      if (row.length !== header.length) isPlain = false
      row.forEach((value, column) => {
        if (value === '') return
        // Within a value the server takes a quote for the beginning of a quoted part.
        if (likeDbt && value.includes('"')) isPlain = false
        if (isNullText(value, style)) isPlain = false
        else columns[column]!.note(value.trim())
      })
    }
  } catch (error) {
    throw csvError(error, shownPath)
  }
  if (!header)
    throw new ProblemError(problemAt(shownPath, 'the file is empty; its first line names the columns'))
  const typed = header.map((name, column): CsvColumn => {
    const { clean, ...type } = columns[column]!.result()
    return { name, ...type, ...(clean && { clean }) }
  })
  const isClean = typed.every(({ clean }) => clean === undefined)
  return { columns: typed, isPlain: isPlain && isClean && (await hasPlainLines(file)) }
}

/** What a column's values are, seen one after the other. */
type ColumnTypes = Pick<DbtColumn, 'note' | 'result'>

function ownColumn(): ColumnTypes {
  let open = candidates
  return {
    // Most values fit what the last one did, so that is asked first.
    note: (value) => {
      if (!open[0]!.fits(value)) open = open.filter(({ fits }) => fits(value))
    },
    result: () => ({ type: open[0]!.type, clean: null }),
  }
}

function checkHeader(header: string[], shownPath: string): string[] {
  const seen = new Set<string>()
  header.forEach((name, index) => {
    if (name === '') throw new ProblemError(problemAt(shownPath, `column ${index + 1} has no name`))
    if (seen.has(name)) throw new ProblemError(problemAt(shownPath, `two columns are called '${name}'`))
    seen.add(name)
  })
  return header
}

function problemAt(file: string, message: string) {
  const place: Place = { file, line: 1, column: 1 }
  return makeProblem('load-failed', message, { place })
}

/** Lines that end in a single way, none of them empty: the server is strict about both. */
async function hasPlainLines(file: string): Promise<boolean> {
  let previous = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    if (chunk.includes(13)) return false
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1))
      if ((at === 0 ? previous : chunk[at - 1]) === 10) return false
    previous = chunk.at(-1) ?? previous
  }
  return true
}

function isRealDate(value: string): boolean {
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)
}
