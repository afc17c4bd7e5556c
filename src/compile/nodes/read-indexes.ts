import type { IndexConfig } from '../../core/node.ts'
import { asList, asStrings, type Config, isMap } from '../config-tree.ts'

/** The indexes that a config asks for; what is wrong with them is told to `refuse`. */
export function readIndexes(
  { indexes }: Config,
  refuse: (message: string, hint: string) => void,
): readonly IndexConfig[] {
  return asList(indexes).map((index) => {
    const columns = isMap(index) ? asStrings(index['columns']) : []
    if (columns.length === 0)
      refuse('an index needs columns', "write indexes: [{columns: ['user_id'], unique: true}]")
    const { unique, type } = isMap(index) ? index : {}
    return { columns, unique: unique === true, type: typeof type === 'string' ? type : 'btree' }
  })
}
