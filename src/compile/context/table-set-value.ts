import {
  bind,
  callValue,
  type HostObject,
  hostFunction,
  type Kwargs,
  raise,
  truth,
  type Value,
} from '../dialect/index.ts'
import { agateSequence, sequenceKeys } from './agate-sequence.ts'
import { agateType, cellType } from './agate-type.ts'
import { emptyTable, partsOf, type TableParts } from './table-parts.ts'
import { printedPairs } from './table-text.ts'

/*
 * Tables by key, as `table.group_by('name')` gives them: `set['key']`, `set.items()`, and most of what a table can,
 * done with each of them.
 */

/** The tables of a set, or sets of tables where groups were grouped again. */
export interface TableSetParts {
  readonly keyName: string
  readonly keyType: string
  readonly keys: readonly Value[]
  readonly tables: readonly HostObject[]
}

/** What a set needs of tables: to make one, and to print. */
export interface TableEffects {
  readonly make: (parts: TableParts) => HostObject
  readonly print: (text: string) => void
}

/** What a table can that a set does with each of its tables. */
const proxied = ['select', 'exclude', 'where', 'order_by', 'limit', 'distinct', 'group_by']

/** A set of tables for a template. */
export function tableSetValue(parts: TableSetParts, effects: TableEffects): HostObject {
  const { keys, tables, keyName, keyType } = parts
  const read = (name: string) => () => tables[0]!.protocol.attribute!(name)!
  const structure = (maxRows: number): string =>
    printedPairs(
      ['table', 'rows'],
      keys.slice(0, maxRows).map((key, at) => [key, String(rowCount(tables[at]!))]),
      20,
    )
  const method = (name: string, call: (args: readonly Value[], kwargs: Kwargs) => Value) => () =>
    hostFunction(name, call)
  const each = (name: string) =>
    method(name, (args, kwargs) => {
      const changed = tables
        .slice(0, keys.length)
        .map((table) => callValue(table.protocol.attribute!(name)!, args, kwargs) as HostObject)
      if (changed.length === 0) raise('IndexError', 'tuple index out of range')
      return tableSetValue({ ...parts, tables: changed }, effects)
    })
  return agateSequence('TableSet', tables, sequenceKeys(keys), {
    text: () => `${structure(20)}\n`,
    attributes: {
      key_name: () => keyName,
      key_type: () => agateType(keyType),
      column_names: read('column_names'),
      column_types: read('column_types'),
      merge: method('merge', (args, kwargs) => effects.make(mergedSet(parts, args, kwargs))),
      print_structure: method('print_structure', (args, kwargs) => {
        const [maxRows = 20] = bind('print_structure', ['max_rows'], 0, args, kwargs)
        effects.print(structure(Number(maxRows)))
        return null
      }),
      ...Object.fromEntries(proxied.map((name) => [name, each(name)])),
    },
  })
}

function rowCount(table: HostObject): number {
  if (table.protocol.type !== 'Table')
    raise('AttributeError', `'${table.protocol.type}' object has no attribute 'rows'`)
  return table.protocol.length!()
}

/** All rows again in one table, behind the key of their group or what is given for it. */
function mergedSet(
  { keyName, keyType, keys, tables }: TableSetParts,
  args: readonly Value[],
  kwargs: Kwargs,
): TableParts {
  const names = ['groups', 'group_name', 'group_type']
  const [groups = null, name = null, type = null] = bind('merge', names, 0, args, kwargs)
  if (groups !== null && !Array.isArray(groups)) return raise('ValueError', 'Groups must be None or a list.')
  if (groups && groups.length !== tables.length)
    raise('ValueError', 'Groups length must be equal to TableSet length.')
  const found = tables.map(partsOf)
  const first = {
    name: truth(name) ? String(name) : keyName,
    type: type === null ? keyType : (type as HostObject).protocol.type,
  }
  const { cast } = cellType(first.type)
  const rows = keys.flatMap((key, at) =>
    (found[at] ?? emptyTable).rows.map((row) => [cast(groups ? groups[at]! : key), ...row]),
  )
  return { columns: [first, ...found[0]!.columns], rows }
}
