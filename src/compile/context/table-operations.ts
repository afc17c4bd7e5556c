import {
  callValue,
  compare,
  Dict,
  equals,
  HostObject,
  iterate,
  PySet,
  raise,
  repr,
  sliceIndices,
  str,
  Tuple,
  truth,
  type Value,
} from '../dialect/index.ts'
import { isSequence } from './agate-sequence.ts'
import { castLooseText, cellType } from './agate-type.ts'
import { columnAt, rowMaker, type TableColumn, type TableParts } from './table-parts.ts'

/*
 * What makes new tables of a table, as agate does it. Where agate takes a function of a row, a macro is one.
 */

type Row = readonly Value[]

/** Only the columns of the names, in their order. */
export function selectedColumns(parts: TableParts, key: Value): TableParts {
  const positions = namesIn(key).map((name) => {
    const at = parts.columns.findIndex((column) => equals(column.name, name))
    return at < 0 ? raise('ValueError', `the table has no column ${repr(name)}`) : at
  })
  return picked(parts, positions)
}

/** All columns but those of the names; a name that no column has takes nothing away. */
export function excludedColumns(parts: TableParts, key: Value): TableParts {
  const gone = namesIn(key)
  const positions = parts.columns.flatMap(({ name }, at) =>
    gone.some((key) => equals(name, key)) ? [] : [at],
  )
  return picked(parts, positions)
}

function namesIn(key: Value): readonly Value[] {
  return isSequence(key) ? [...iterate(key)] : [key]
}

function picked({ columns, rows }: TableParts, positions: readonly number[]): TableParts {
  return {
    columns: positions.map((at) => columns[at]!),
    rows: rows.map((row) => positions.map((at) => row[at]!)),
  }
}

/** The first so many rows, or those of a slice. */
export function limitedRows(parts: TableParts, start: Value, stop: Value, step: Value): TableParts {
  const slice = truth(stop) || truth(step) ? { start, stop, step } : { start: null, stop: start, step: null }
  return { ...parts, rows: sliceIndices(slice, parts.rows.length).map((at) => parts.rows[at]!) }
}

/** The columns under other names: a name for each, or a dictionary of old to new. */
export function renamedColumns(parts: TableParts, names: Value): TableParts {
  if (names === null) return parts
  const found =
    names instanceof Dict ? parts.columns.map(({ name }) => names.get(name) ?? name) : [...iterate(names)]
  if (found.length !== parts.columns.length)
    raise('ValueError', 'column_names and column_types must be the same length.')
  const columns = parts.columns.map(({ type }, at) => ({ name: columnName(found[at]!), type }))
  return { ...parts, columns }
}

function columnName(name: Value): string {
  const text = str(name)
  return equals(name, text) ? text : raise('ValueError', 'Column names must be strings.')
}

/** The rows in order of a column, of several, or of what a function says; nulls are greater than all else. */
export function orderedRows(parts: TableParts, key: Value, isReversed: boolean): TableParts {
  if (parts.rows.length === 0) return parts
  const read = isSequence(key) ? readers(parts, [...iterate(key)]) : [reader(parts, key)]
  const keyed = parts.rows.map((row) => ({ row, key: read.map((value) => value(row)) }))
  const direction = isReversed ? -1 : 1
  const sorted = keyed.sort((a, b) => direction * compareKeys(a.key, b.key))
  return { ...parts, rows: sorted.map(({ row }) => row) }
}

/** Two rows that have no value in a column are equal there, and agate then looks at no further one. */
function compareKeys(a: readonly Value[], b: readonly Value[]): number {
  for (const [at, x] of a.entries()) {
    const y = b[at]!
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    if (!equals(x, y)) return compare(x, y)
  }
  return 0
}

/** Values in order, nulls last. */
export function sortedCells(values: readonly Value[]): Value[] {
  return [...values].sort((a, b) => compareKeys([a], [b]))
}

/** The first of the rows that are the same in a column, in what a function says, or wholly. */
export function distinctRows(parts: TableParts, key: Value): TableParts {
  // agate holds no two rows for the same when several names are given.
  if (isSequence(key)) return parts
  const read = key === null ? (row: Row) => new Tuple(row) : reader(parts, key)
  const seen = new PySet()
  const rows = parts.rows.filter((row) => {
    const found = read(row)
    const isNew = !seen.has(found)
    seen.add(found)
    return isNew
  })
  return { ...parts, rows }
}

/** The rows that pass a test. */
export function testedRows(parts: TableParts, test: Value): TableParts {
  const make = rowMaker(parts)
  return { ...parts, rows: parts.rows.filter((row) => truth(callValue(test, [make(row)]))) }
}

/** The first row that passes a test, or null. */
export function foundRow(parts: TableParts, test: Value): Value {
  const make = rowMaker(parts)
  for (const row of parts.rows) {
    const value = make(row)
    if (truth(callValue(test, [value]))) return value
  }
  return null
}

/** Rows apart by a key, in the order in which the keys come first. */
export interface Groups {
  readonly keyName: string
  readonly keyType: string
  readonly keys: readonly Value[]
  readonly tables: readonly TableParts[]
}

/** The rows apart by a column or by what a function says; a table without rows is one group without a key. */
export function groupedRows(parts: TableParts, key: Value, keyName: Value, keyType: Value): Groups {
  const column = isFunction(key) ? undefined : parts.columns[columnAt(parts, key)]!
  const type = keyType instanceof HostObject ? keyType.protocol.type : (column?.type ?? 'Text')
  const cast = column || keyType !== null ? cellType(type).cast : castLooseText
  const read = reader(parts, column?.name ?? key)
  const positions = new Dict()
  const groups: Row[][] = []
  for (const row of parts.rows) {
    const value = cast(read(row))
    const at = positions.get(value)
    if (typeof at === 'number') groups[at]!.push(row)
    else positions.set(value, groups.push([row]) - 1)
  }
  return {
    keyName: truth(keyName) ? columnName(keyName) : (column?.name ?? 'group'),
    keyType: type,
    keys: [...positions.keys()],
    tables: (groups.length === 0 ? [[]] : groups).map((rows) => ({ ...parts, rows })),
  }
}

/** One table of the rows of several; what a table has no column for is null. */
export function mergedTables(tables: readonly TableParts[], wanted: Value): TableParts {
  const columns = new Map<string, TableColumn>()
  const names = wanted === null ? null : [...iterate(wanted)]
  for (const column of tables.flatMap((table) => table.columns)) {
    if (names && !names.some((name) => equals(name, column.name))) continue
    const known = columns.get(column.name)
    if (known && known.type !== column.type)
      raise('ValueError', 'Tables contain columns with the same names, but different types.')
    columns.set(column.name, column)
  }
  const merged = [...columns.values()]
  const rows = tables.flatMap((table) => {
    const positions = merged.map(({ name }) => table.columns.findIndex((column) => column.name === name))
    return table.rows.map((row) => positions.map((at) => row[at] ?? null))
  })
  return { columns: merged, rows }
}

function isFunction(key: Value): boolean {
  return key instanceof HostObject && key.protocol.call !== undefined
}

function readers(parts: TableParts, keys: readonly Value[]): ((row: Row) => Value)[] {
  return keys.map((key) => {
    const at = columnAt(parts, key)
    return (row) => row[at]!
  })
}

/** What a key says of a row: the value of a column, or what a function makes of the row. */
function reader(parts: TableParts, key: Value): (row: Row) => Value {
  if (!isFunction(key)) return readers(parts, [key])[0]!
  const make = rowMaker(parts)
  return (row) => callValue(key, [make(row)])
}
