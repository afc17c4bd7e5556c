import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { referenceFile } from '../../reference-data.ts'

export interface Columns {
  readonly n: number
  readonly column: (name: string) => Float64Array
  /** 1 where the column says this. */
  readonly says: (name: string, text: string) => Float64Array
}

/** The columns of a reference data set by name. */
export function readColumns(name: string): Columns {
  const rows: Record<string, string>[] = parse(readFileSync(referenceFile(`${name}.csv`)), { columns: true })
  const textOf = (row: Record<string, string>, column: string): string => {
    const text = row[column]
    if (text === undefined) throw new Error(`${name}.csv has no column ${column}`)
    return text
  }
  return {
    n: rows.length,
    column: (column) => Float64Array.from(rows, (row) => Number(textOf(row, column))),
    says: (column, text) => Float64Array.from(rows, (row) => (textOf(row, column) === text ? 1 : 0)),
  }
}

/** Published and recomputed results of a data set. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is that of each file
export function readResults(name: string): any {
  return JSON.parse(readFileSync(referenceFile(`${name}.json`), 'utf8'))
}
