import { equals, type HostObject, iterate, raise, repr, Tuple, type Value } from '../dialect/index.ts'
import { agateSequence, sequenceKeys } from './agate-sequence.ts'

/*
 * What a table is made of. Values of templates are made from it, and it can be read back from them.
 */

/** A column: its name and agate's word for its type. */
export interface TableColumn {
  readonly name: string
  readonly type: string
}

/** A table's columns and rows. */
export interface TableParts {
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly Value[])[]
}

/** A table of nothing, where a statement was not to be fetched or nothing runs. */
export const emptyTable: TableParts = { columns: [], rows: [] }

/** The same with a number behind each name that was there before, as agate names columns: `a`, `a_2`. */
export function withOwnNames(parts: TableParts): TableParts {
  const taken = new Set<string>()
  const columns = parts.columns.map((column) => {
    let name = column.name
    for (let count = 2; taken.has(name); count++) name = `${column.name}_${count}`
    taken.add(name)
    return { ...column, name }
  })
  return { ...parts, columns }
}

/** Makes the rows of a table values of templates. */
export function rowMaker({ columns }: TableParts): (cells: readonly Value[]) => HostObject {
  const keys = sequenceKeys(columns.map(({ name }) => name))
  return (cells) => agateSequence('Row', cells, keys)
}

/** The position of a column that is given by name or position; raises where there is none. */
export function columnAt({ columns }: TableParts, key: Value): number {
  if (typeof key === 'number') {
    const at = key < 0 ? columns.length + key : key
    return at in columns ? at : raise('IndexError', 'tuple index out of range')
  }
  const at = columns.findIndex(({ name }) => equals(name, key))
  return at < 0 ? raise('KeyError', repr(key)) : at
}

/** The parts of a template's table. */
export function partsOf(table: Value): TableParts {
  const protocol = (table as HostObject | null)?.protocol
  const [names, types] = [protocol?.attribute?.('column_names'), protocol?.attribute?.('column_types')]
  if (!(protocol?.type === 'Table' && names instanceof Tuple && types instanceof Tuple))
    return raise('TypeError', `${repr(table)} is no table`)
  return {
    columns: names.items.map((name, at) => ({
      name: name as string,
      type: (types.items[at] as HostObject).protocol.type,
    })),
    rows: [...iterate(table)].map((row) => [...iterate(row)]),
  }
}
