import type { SeedColumnType, SeedRows } from '../../compile/context/seed-table.ts'
import { dbtColumn, dbtColumnNames } from './dbt-types.ts'
import { type CsvStyle, csvError, csvRows, isNullText } from './read-csv.ts'

/*
 * A seed's file as a whole, for macros that load it themselves: with the columns and types of dbt.
 */

/** Reads a file; columns of `asText` keep their values as they are written. */
export async function readSeedRows(
  file: string,
  shownPath: string,
  { delimiter }: CsvStyle,
  asText: ReadonlySet<string>,
): Promise<SeedRows> {
  const style = { delimiter, likeDbt: true }
  const all: string[][] = []
  try {
    for await (const row of csvRows(file, style)) all.push(row)
  } catch (error) {
    throw csvError(error, shownPath)
  }
  const [header = [], ...body] = all
  const names = dbtColumnNames(header)
  const columns = names.map((name, at) => typedColumn(name, body, at, asText.has(name)))
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: body.map((row) => columns.map(({ write }, at) => (isNull(row[at]) ? null : write(row[at]!)))),
  }
}

function isNull(value: string | undefined): boolean {
  return value === undefined || isNullText(value, { likeDbt: true })
}

interface TypedColumn {
  readonly name: string
  readonly type: SeedColumnType
  readonly write: (value: string) => string
}

const asWritten = (value: string): string => value

function typedColumn(
  name: string,
  rows: readonly (readonly string[])[],
  at: number,
  isText: boolean,
): TypedColumn {
  if (isText) return { name, type: 'Text', write: asWritten }
  const column = dbtColumn()
  for (const row of rows) if (!isNull(row[at])) column.note(row[at]!.trim())
  const { type, clean } = column.result()
  const word = words[type] ?? 'Number'
  return { name, type: word, write: word === 'Text' ? asWritten : (value) => inFull(clean?.(value) ?? value) }
}

/** What is neither of these is a number. */
const words: Readonly<Record<string, SeedColumnType>> = {
  text: 'Text',
  date: 'Date',
  timestamp: 'DateTime',
  boolean: 'Boolean',
}

/** Months, days and hours of two digits, as times are written elsewhere. */
function inFull(value: string): string {
  const text = value.trim()
  if (!/^\d{4}-\d/.test(text)) return text
  return text.replace(/(?<=[-: T])\d(?!\d)/g, '0$&')
}
