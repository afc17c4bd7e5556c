import { fromJs, type HostObject, type Value } from '../dialect/index.ts'
import { readDate, readNumeric, readTimestamp } from './cell-value.ts'
import { type PrintTable, tableValue } from './table-value.ts'

/*
 * The rows of a seed's file as `load_agate_table()` gives them to a macro that loads them itself.
 */

/** The word by which templates know a column's type, and what values of it are written as. */
export type SeedColumnType = 'Number' | 'Date' | 'DateTime' | 'Boolean' | 'Text'

/** A seed's file, read. */
export interface SeedRows {
  readonly columns: readonly { readonly name: string; readonly type: SeedColumnType }[]
  /** Texts that the server takes for the column's type; null for nothing. */
  readonly rows: readonly (readonly (string | null)[])[]
}

const readers: Readonly<Record<SeedColumnType, (text: string) => Value>> = {
  Number: readNumeric,
  Date: readDate,
  DateTime: readTimestamp,
  Boolean: (text) => fromJs(text.toLowerCase() === 'true'),
  Text: (text) => text,
}

/** The table of a seed for a template. */
export function seedTable({ columns, rows }: SeedRows, print: PrintTable): HostObject {
  const read = rows.map((row) =>
    columns.map(({ type }, at) => {
      const text = row[at] ?? null
      return text === null ? null : readers[type](text)
    }),
  )
  return tableValue({ columns, rows: read }, print)
}
