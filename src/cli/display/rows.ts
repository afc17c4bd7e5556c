import type { Output } from '../output.ts'
import { formatCounted } from './numbers.ts'
import { tableLines } from './table.ts'

/*
 * Rows of a query for people or programs.
 */

export type RowsFormat = 'table' | 'json' | 'csv'
type Row = Readonly<Record<string, unknown>>

/** Rows as a table, or as a JSON list of objects. */
export function formatRows(rows: readonly Row[], format: 'table' | 'json', output: Output): string {
  if (format === 'json') return JSON.stringify(rows, null, 2)
  const [first] = rows
  if (!first) return 'no rows'
  const { dim, bold } = output.colors
  const columns = Object.keys(first)
  const isNumeric = columns.map((column) => rows.every((row) => isNumberOrNull(row[column])))
  const lines = tableLines({
    head: columns.map((column) => bold(column)),
    rows: rows.map((row) => columns.map((column) => cellText(row[column], dim))),
    align: isNumeric.map((numeric) => (numeric ? 'right' : 'left')),
  })
  return [...lines, dim(formatCounted(rows.length, 'row'))].join('\n')
}

function isNumberOrNull(value: unknown): boolean {
  return (
    value === null ||
    typeof value === 'number' ||
    (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
  )
}

function cellText(value: unknown, dim: (text: string) => string): string {
  if (value === null || value === undefined) return dim('null')
  if (typeof value === 'object') return JSON.stringify(value)
  // A line break or tab inside a value would break the table.
  return String(value).replace(/\r?\n/g, '⏎').replaceAll('\t', ' ')
}
