import { Dict, dumpJson, raise, str, type Value } from '../dialect/index.ts'
import { castLooseText, cellType } from './agate-type.ts'
import type { TableParts } from './table-parts.ts'

/*
 * A table as text, letter by letter as agate prints it.
 */

/** How much of a table is printed; null for all of it. */
export interface PrintLimits {
  readonly maxRows: number | null
  readonly maxColumns: number | null
  readonly maxColumnWidth: number | null
  readonly maxPrecision: number | null
}

/** What `print_table()` prints when nothing else is said. */
export const printLimits: PrintLimits = { maxRows: 20, maxColumns: 6, maxColumnWidth: 20, maxPrecision: 3 }

const ellipsis = '...'

/** The table as Markdown. */
export function printedTable({ columns, rows }: TableParts, limits: PrintLimits): string {
  const shown = rows.slice(0, limits.maxRows ?? rows.length)
  const kept = columns.slice(0, limits.maxColumns ?? columns.length)
  const writers = kept.map(({ type }, at) =>
    type === 'Number'
      ? numberWriter(
          shown.map((row) => row[at]!),
          limits.maxPrecision,
        )
      : str,
  )
  const more = kept.length < columns.length ? [ellipsis] : []
  const header = [...kept.map(({ name }) => clipped(name, limits)), ...more]
  const body = shown.map((row) => [
    ...writers.map((write, at) => clipped(row[at] === null ? '' : write(row[at]!), limits)),
    ...more,
  ])
  const widths = header.map((_, at) => Math.max(...[header, ...body].map((row) => lengthOf(row[at]!))))
  const line = (cells: readonly string[]): string =>
    `|${cells.map((cell, at) => ` ${padded(cell, widths[at]!, columns[at]!.type)} `).join('|')}|`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  const rest = shown.length < rows.length ? [line(header.map(() => ellipsis))] : []
  return [line(header), rule, ...body.map(line), ...rest].join('\n')
}

/** Names beside their types or sizes, as a table of texts. */
export function printedPairs(
  names: readonly [string, string],
  pairs: readonly (readonly [Value, string])[],
  maxRows: number | null,
): string {
  const columns = names.map((name) => ({ name, type: 'Text' }))
  return printedTable(
    { columns, rows: pairs.map(([name, text]) => [castLooseText(name), text]) },
    { ...printLimits, maxRows, maxColumnWidth: null },
  )
}

function clipped(text: string, { maxColumnWidth }: PrintLimits): string {
  if (maxColumnWidth === null || lengthOf(text) <= maxColumnWidth) return text
  return [...text].slice(0, maxColumnWidth - ellipsis.length).join('') + ellipsis
}

function padded(text: string, width: number, type: string): string {
  const space = ' '.repeat(Math.max(0, width - lengthOf(text)))
  return type === 'Text' ? text + space : space + text
}

function lengthOf(text: string): number {
  return [...text].length
}

/** Writes all numbers of a column with as many decimals as the longest needs, and an ellipsis where that is cut. */
function numberWriter(values: readonly Value[], maxPrecision: number | null): (value: Value) => string {
  const needed = Math.max(
    0,
    ...values.map((value) => decimalOf(value)?.fraction.replace(/0+$/, '').length ?? 0),
  )
  const places = Math.min(needed, maxPrecision ?? needed)
  return (value) => {
    const decimal = decimalOf(value)
    return decimal ? rounded(decimal, places) + (places < needed ? '…' : '') : str(value)
  }
}

interface Decimal {
  readonly sign: string
  readonly whole: string
  readonly fraction: string
}

/** The digits of a number; undefined for what is not finite. */
function decimalOf(value: Value): Decimal | undefined {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(value === null ? '' : str(value)) ?? []
  if (sign === undefined || whole === undefined) return undefined
  const shift = Number(exponent)
  const digits =
    shift < 0 ? '0'.repeat(-shift) + whole + fraction : (whole + fraction).padEnd(whole.length + shift, '0')
  const point = shift < 0 ? whole.length : whole.length + shift
  return { sign, whole: digits.slice(0, point), fraction: digits.slice(point) }
}

/** To so many decimals, half to even, with commas between thousands. */
function rounded({ sign, whole, fraction }: Decimal, places: number): string {
  const unit = 10n ** BigInt(Math.max(0, fraction.length - places))
  const exact = BigInt(whole + fraction.padEnd(places, '0'))
  const [floor, twice] = [exact / unit, (exact % unit) * 2n]
  const up = twice > unit || (twice === unit && floor % 2n === 1n)
  const digits = String(up ? floor + 1n : floor).padStart(places + 1, '0')
  const point = digits.length - places
  const grouped = digits.slice(0, point).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${sign}${grouped}${places > 0 ? `.${digits.slice(point)}` : ''}`
}

/** The table as CSV with its header; a line that would be empty holds an empty text. */
export function csvText({ columns, rows }: TableParts): string {
  const quote = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const types = columns.map(({ type }) => cellType(type))
  const cells = rows.map((row) => types.map((type, at) => str(type.csvify(row[at]!) ?? '')))
  return [columns.map(({ name }) => name), ...cells]
    .map((line) => line.map(quote).join(',') || (line.length === 1 ? '""' : ''))
    .join('\n')
}

/** How JSON of a table is laid out. */
export interface TableJsonStyle {
  /** The position of the column whose values become keys; null for a list. */
  readonly keyAt: number | null
  readonly isLined: boolean
  readonly indent: number | null
}

/** The rows as JSON: a list, an object by key, or one line for each. */
export function jsonText({ columns, rows }: TableParts, { keyAt, isLined, indent }: TableJsonStyle): string {
  const types = columns.map(({ type }) => cellType(type))
  const style = { sortKeys: false, indent, asciiOnly: false }
  const objects = rows.map((row) =>
    Dict.of(columns.map(({ name }, at) => [name, types[at]!.jsonify(row[at]!)])),
  )
  if (isLined) return objects.map((object) => dumpJson(object, style)).join('\n')
  if (keyAt === null) return dumpJson(objects, style)
  const keyed = new Dict()
  for (const [at, object] of objects.entries()) {
    const key = str(rows[at]![keyAt]!)
    if (keyed.has(key)) raise('ValueError', `Value ${key} is not unique in the key column.`)
    keyed.set(key, object)
  }
  return dumpJson(keyed, style)
}
