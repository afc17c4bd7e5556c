import {
  bind,
  type HostObject,
  hostFunction,
  hostObject,
  iterate,
  type Kwargs,
  PySet,
  raise,
  Tuple,
  toJs,
  truth,
  type Value,
} from '../dialect/index.ts'
import { agateSequence, sequenceKeys } from './agate-sequence.ts'
import { agateType } from './agate-type.ts'
import {
  distinctRows,
  excludedColumns,
  foundRow,
  groupedRows,
  limitedRows,
  mergedTables,
  orderedRows,
  renamedColumns,
  selectedColumns,
  sortedCells,
  testedRows,
} from './table-operations.ts'
import {
  columnAt,
  partsOf,
  rowMaker,
  type TableColumn,
  type TableParts,
  withOwnNames,
} from './table-parts.ts'
import { tableSetValue } from './table-set-value.ts'
import { csvText, jsonText, printedPairs, printedTable, printLimits } from './table-text.ts'

/*
 * The result of a query as templates see it: rows and columns that are reached by position and by name, as
 * dbt's packages do. It never changes; what selects or orders gives a new one.
 */

/** Prints a table for a person; `table.print_table()` calls it. */
export type PrintTable = (text: string) => void

/** A table for a template. */
export function tableValue(given: TableParts, print: PrintTable): HostObject {
  const parts = withOwnNames(given)
  const names = parts.columns.map(({ name }) => name)
  const rows = parts.rows.map(rowMaker(parts))
  const attributes: Record<string, () => Value> = {
    columns: () =>
      agateSequence('MappedSequence', parts.columns.map(columnValue(parts)), sequenceKeys(names)),
    rows: () => agateSequence('MappedSequence', rows, null),
    column_names: () => new Tuple(names),
    column_types: () => new Tuple(parts.columns.map(({ type }) => agateType(type))),
    row_names: () => null,
    ...bound({ ...tableMethods(parts, print), ...printMethods(parts, print) }),
  }
  return hostObject({
    type: 'Table',
    like: 'sequence',
    str: () => `${structure(parts, null)}\n`,
    repr: () => `<agate.Table: ${names.join(', ')}>`,
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name]!() : undefined),
    item: (key) => (typeof key === 'number' ? rows.at(key) : undefined),
    iterate: () => rows,
    length: () => rows.length,
    toJs: () => parts.rows.map((row) => Object.fromEntries(names.map((name, at) => [name, toJs(row[at]!)]))),
  })
}

/** The rows as dbt's `load_result('x').data` holds them: a list of tuples. */
export function tableData({ rows }: TableParts): Value {
  return rows.map((row) => new Tuple(row))
}

/** A method: the names of its arguments, how many must be given, and what it does with them, null where left out. */
type TableMethod = readonly [
  names: readonly string[],
  required: number,
  run: (args: readonly (Value | undefined)[]) => Value,
]

function bound(methods: Readonly<Record<string, TableMethod>>): Record<string, () => Value> {
  const entries = Object.entries(methods).map(([name, [names, required, run]]) => {
    const call = (args: readonly Value[], kwargs: Kwargs): Value =>
      run(bind(name, names, required, args, kwargs))
    return [name, () => hostFunction(name, call)] as const
  })
  return Object.fromEntries(entries)
}

/** What makes other tables of this one. */
function tableMethods(parts: TableParts, print: PrintTable): Record<string, TableMethod> {
  const make = (changed: TableParts): HostObject => tableValue(changed, print)
  return {
    select: [['key'], 1, ([key]) => make(selectedColumns(parts, key!))],
    exclude: [['key'], 1, ([key]) => make(excludedColumns(parts, key!))],
    rename: [['column_names'], 0, ([names = null]) => make(renamedColumns(parts, names))],
    limit: [
      ['start_or_stop', 'stop', 'step'],
      0,
      ([start = null, stop = null, step = null]) => make(limitedRows(parts, start, stop, step)),
    ],
    order_by: [
      ['key', 'reverse'],
      1,
      ([key, reverse = false]) => make(orderedRows(parts, key!, truth(reverse))),
    ],
    distinct: [['key'], 0, ([key = null]) => make(distinctRows(parts, key))],
    where: [['test'], 1, ([test]) => make(testedRows(parts, test!))],
    find: [['test'], 1, ([test]) => foundRow(parts, test!)],
    group_by: [
      ['key', 'key_name', 'key_type'],
      1,
      ([key, name = null, type = null]) => {
        const groups = groupedRows(parts, key!, name, type)
        return tableSetValue({ ...groups, tables: groups.tables.map(make) }, { make, print })
      },
    ],
    merge: [
      ['tables', 'row_names', 'column_names'],
      1,
      ([tables, rowNames = null, names = null]) => {
        if (rowNames !== null) raise('ValueError', 'rows have no names here')
        return make(mergedTables([...iterate(tables!)].map(partsOf), names))
      },
    ],
  }
}

/** What prints this table. */
function printMethods(parts: TableParts, print: PrintTable): Record<string, TableMethod> {
  const printed = (text: string): null => {
    print(text)
    return null
  }
  return {
    print_table: [
      ['max_rows', 'max_columns', 'max_column_width', 'max_precision'],
      0,
      ([rows, columns, width, precision]) =>
        printed(
          printedTable(parts, {
            maxRows: limitOf(rows, printLimits.maxRows),
            maxColumns: limitOf(columns, printLimits.maxColumns),
            maxColumnWidth: limitOf(width, printLimits.maxColumnWidth),
            maxPrecision: limitOf(precision, printLimits.maxPrecision),
          }),
        ),
    ],
    print_structure: [['max_rows'], 0, ([rows]) => printed(structure(parts, limitOf(rows, null)))],
    print_csv: [[], 0, () => printed(csvText(parts))],
    print_json: [
      ['key', 'newline', 'indent'],
      0,
      ([key = null, newline = false, indent]) => {
        const keyAt = key === null ? null : columnAt(parts, key)
        const style = { keyAt, isLined: truth(newline), indent: limitOf(indent, null) }
        if (style.isLined && keyAt !== null)
          raise('ValueError', 'key and newline may not be specified together.')
        if (style.isLined && style.indent !== null)
          raise('ValueError', 'newline and indent may not be specified together.')
        return printed(jsonText(parts, style))
      },
    ],
  }
}

/** A limit that is given, none for `none`, or the one that holds when nothing is said. */
function limitOf(value: Value | undefined, usual: number | null): number | null {
  if (value === undefined) return usual
  if (value === null || typeof value === 'number') return value
  return raise('TypeError', 'a limit of what is printed is a number or none')
}

/** What `print_structure()` prints. */
function structure({ columns }: TableParts, maxRows: number | null): string {
  return printedPairs(
    ['column', 'data_type'],
    columns.map(({ name, type }) => [name, type]),
    maxRows,
  )
}

function columnValue({ rows }: TableParts): (column: TableColumn, at: number) => HostObject {
  return ({ name, type }, at) => {
    const values = rows.map((row) => row[at]!)
    const present = (): Value[] => values.filter((value) => value !== null)
    return agateSequence('Column', values, null, {
      attributes: {
        name: () => name,
        index: () => at,
        data_type: () => agateType(type),
        ...bound({
          values_distinct: [[], 0, () => new Tuple([...new PySet(values)])],
          values_without_nulls: [[], 0, () => new Tuple(present())],
          values_sorted: [[], 0, () => sortedCells(values)],
          values_without_nulls_sorted: [[], 0, () => sortedCells(present())],
        }),
      },
    })
  }
}
