import {
  Dict,
  fromJs,
  type HostObject,
  hostFunction,
  hostObject,
  iterate,
  raise,
  repr,
  str,
  Tuple,
  toJs,
  type Value,
} from '../dialect/index.ts'
import { agateType } from './agate-type.ts'

/*
 * The result of a query as templates see it: rows and columns that are reached by position and by name, as
 * dbt's packages do. It never changes; what selects or orders gives a new one.
 */

export interface TableParts {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly Value[])[]
}

/** Prints a table for a person; `table.print_table()` calls it. */
export type PrintTable = (text: string) => void

/** A table for a template. */
export function tableValue(parts: TableParts, print: PrintTable): HostObject {
  const names = parts.columns.map(({ name }) => name)
  const rows = parts.rows.map((row) => rowValue(row, names))
  const columns = parts.columns.map(({ name, type }, index) =>
    columnOf(
      name,
      type,
      index,
      parts.rows.map((row) => row[index]!),
    ),
  )
  const again = (changed: Partial<TableParts>): HostObject => tableValue({ ...parts, ...changed }, print)
  const attributes: Record<string, () => Value> = {
    columns: () => mapped('MappedSequence', columns, names),
    rows: () => mapped('MappedSequence', rows, null),
    column_names: () => new Tuple(names),
    column_types: () => new Tuple(parts.columns.map(({ type }) => agateType(type))),
    row_names: () => null,
    ...tableMethods(parts, again, print),
  }
  return hostObject({
    type: 'Table',
    like: 'sequence',
    str: () => printTable(parts, null),
    repr: () => `<agate.Table: ${names.join(', ')}>`,
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name]!() : undefined),
    item: (key) => (typeof key === 'number' ? rows.at(key) : undefined),
    iterate: () => rows,
    length: () => rows.length,
    truth: () => true,
    toJs: () => parts.rows.map((row) => Object.fromEntries(names.map((name, at) => [name, toJs(row[at]!)]))),
  })
}

/** The rows as dbt's `load_result('x').data` holds them: a list of tuples. */
export function tableData({ rows }: TableParts): Value {
  return rows.map((row) => new Tuple(row))
}

function tableMethods(
  parts: TableParts,
  again: (changed: Partial<TableParts>) => HostObject,
  print: PrintTable,
): Record<string, () => Value> {
  const method = (name: string, call: HostObject['protocol']['call']) => () => hostFunction(name, call!)
  const position = (name: Value): number => {
    const at = typeof name === 'number' ? name : parts.columns.findIndex((column) => column.name === name)
    if (at < 0 || at >= parts.columns.length) raise('KeyError', repr(name))
    return at
  }
  const picked = (positions: readonly number[]): HostObject =>
    again({
      columns: positions.map((at) => parts.columns[at]!),
      rows: parts.rows.map((row) => positions.map((at) => row[at]!)),
    })
  const namesIn = (value: Value | undefined): readonly Value[] =>
    typeof value === 'string' ? [value] : [...iterate(value ?? [])]
  return {
    print_table: method('print_table', ([maxRows = 20]) => {
      print(printTable(parts, typeof maxRows === 'number' ? maxRows : null))
      return null
    }),
    print_csv: method('print_csv', () => {
      print(csvText(parts))
      return null
    }),
    print_json: method('print_json', () => {
      print(jsonText(parts))
      return null
    }),
    select: method('select', ([names]) => picked(namesIn(names).map(position))),
    exclude: method('exclude', ([names]) => {
      const gone = namesIn(names).map(position)
      return picked(parts.columns.map((_, at) => at).filter((at) => !gone.includes(at)))
    }),
    limit: method('limit', ([first = null, stop = null]) => {
      const [from, to] = typeof stop === 'number' ? [Number(first), stop] : [0, Number(first)]
      return again({ rows: parts.rows.slice(from, to) })
    }),
    rename: method('rename', ([given], kwargs) => {
      const names = toJs(given ?? kwargs['column_names'] ?? []) as readonly string[] | Record<string, string>
      const columns = parts.columns.map((column, at) => ({
        ...column,
        name:
          (Array.isArray(names) ? names[at] : (names as Record<string, string>)[column.name]) ?? column.name,
      }))
      return again({ columns })
    }),
    order_by: method('order_by', ([key = 0, reverse], kwargs) => {
      const at = position(key)
      const sorted = [...parts.rows].sort((a, b) => compareCells(a[at]!, b[at]!))
      return again({ rows: (reverse ?? kwargs['reverse']) === true ? sorted.reverse() : sorted })
    }),
    distinct: method('distinct', ([key]) => {
      const seen = new Set<string>()
      const rows = parts.rows.filter((row) => {
        const text = key === undefined ? row.map(repr).join('\0') : repr(row[position(key)]!)
        return !seen.has(text) && seen.add(text) !== undefined
      })
      return again({ rows })
    }),
  }
}

/** Nulls last, as agate orders them. */
function compareCells(a: Value, b: Value): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0)
  const [x, y] = [toJs(a), toJs(b)]
  if (typeof x === 'number' && typeof y === 'number') return x - y
  const [s, t] = [str(a), str(b)]
  return s < t ? -1 : s > t ? 1 : 0
}

function rowValue(values: readonly Value[], names: readonly string[]): HostObject {
  return mapped('Row', values, names)
}

function columnOf(name: string, type: string, index: number, values: readonly Value[]): HostObject {
  return mapped('Column', values, null, {
    name: () => name,
    index: () => index,
    data_type: () => agateType(type),
    values_distinct: () =>
      hostFunction('values_distinct', () => {
        const seen = new Map(values.map((value) => [repr(value), value]))
        return new Tuple([...seen.values()])
      }),
    values_without_nulls: () =>
      hostFunction('values_without_nulls', () => new Tuple(values.filter((value) => value !== null))),
    values_sorted: () => hostFunction('values_sorted', () => new Tuple([...values].sort(compareCells))),
  })
}

/** agate's sequence that has names too: `x[0]`, `x['name']`, `x.values()`, `x.get('name')`. */
function mapped(
  type: string,
  values: readonly Value[],
  keys: readonly string[] | null,
  more: Readonly<Record<string, () => Value>> = {},
): HostObject {
  const at = (key: Value): Value | undefined => {
    if (typeof key === 'number') return values[key < 0 ? values.length + key : key]
    const position = keys?.indexOf(String(key)) ?? -1
    return position < 0 ? undefined : values[position]
  }
  const pairs = (): (readonly [string, Value])[] => (keys ?? []).map((key, index) => [key, values[index]!])
  const attributes: Record<string, () => Value> = {
    values: () => hostFunction('values', () => new Tuple(values)),
    keys: () => hostFunction('keys', () => (keys === null ? null : new Tuple(keys))),
    items: () => hostFunction('items', () => pairs().map((pair) => new Tuple(pair))),
    dict: () => hostFunction('dict', () => Dict.of(pairs())),
    get: () => hostFunction('get', ([key = null, fallback = null]) => at(key) ?? fallback),
    ...more,
  }
  const texts = (): string => values.map(repr).join(', ')
  return hostObject({
    type,
    like: 'sequence',
    repr: () => `<agate.${type}: (${texts()})>`,
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name]!() : undefined),
    item: at,
    iterate: () => values,
    length: () => values.length,
    truth: () => values.length > 0,
    toJs: () =>
      type === 'Row' ? Object.fromEntries(pairs().map(([k, v]) => [k, toJs(v)])) : values.map(toJs),
  })
}

function printTable({ columns, rows }: TableParts, maxRows: number | null): string {
  const shown = rows.slice(0, maxRows ?? rows.length)
  const cells = [columns.map(({ name }) => name), ...shown.map((row) => row.map(cellText))]
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  const [header = [], ...body] = cells
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(header), rule, ...body.map(line), ...(shown.length < rows.length ? ['| ... |'] : [])].join(
    '\n',
  )
}

function cellText(value: Value): string {
  return value === null ? '' : str(value)
}

function csvText({ columns, rows }: TableParts): string {
  const quote = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => row.map(cellText))]
  return lines.map((line) => line.map(quote).join(',')).join('\n')
}

function jsonText({ columns, rows }: TableParts): string {
  return JSON.stringify(
    rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, toJs(row[at]!)]))),
  )
}

/** A table of nothing, where a statement was not to be fetched or nothing runs. */
export const emptyTable: TableParts = { columns: [], rows: [] }

/** A cell as it comes from the database, as a template's value. */
export function cellValue(value: unknown): Value {
  return fromJs(value)
}
