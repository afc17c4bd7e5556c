/*
 * A few rows as text, for what a test says when it fails.
 */

/** Longer values are cut. */
const maxCellWidth = 40
const maxTableWidth = 160

/** Lines of a table with a heading; null shows as `null`. Columns that do not fit are left out. */
export function textTable(
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
): string[] {
  const cells = [columns, ...rows].map((row) => row.map(cell))
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]!.length)))
  const fitting = countFitting(widths)
  const more = fitting < columns.length ? ` … ${columns.length - fitting} more columns` : ''
  return cells.map((row, index) => {
    const shown = row.slice(0, fitting).map((text, column) => text.padEnd(widths[column]!))
    return `${shown.join('  ')}${index === 0 ? more : ''}`.trimEnd()
  })
}

function cell(value: string | null): string {
  if (value === null) return 'null'
  const line = value.replaceAll('\n', '⏎')
  return line.length > maxCellWidth ? `${line.slice(0, maxCellWidth - 1)}…` : line
}

function countFitting(widths: readonly number[]): number {
  let total = 0
  const tooMany = widths.findIndex((width) => {
    total += width + 2
    return total > maxTableWidth
  })
  return tooMany < 0 ? widths.length : Math.max(1, tooMany)
}
