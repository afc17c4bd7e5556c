import { createHash } from 'node:crypto'
import { asStrings, isMap } from '../config-tree.ts'
import { type HostObject, hostFunction, hostObject, raise, toJs, type Value } from '../dialect/index.ts'
import { expectRelation } from './relation-value.ts'

/** An index as `adapter.parse_index` gives it: its parts, and a name that follows from them. */
export function parsedIndex(value: Value): HostObject {
  const written = toJs(value)
  const columns = isMap(written) ? asStrings(written['columns']) : []
  if (!isMap(written) || columns.length === 0) raise('TypeError', 'an index needs columns')
  const { unique, type } = written as Record<string, unknown>
  const parts: Record<string, Value> = {
    columns: [...columns],
    unique: unique === true,
    type: typeof type === 'string' ? type : null,
    render: hostFunction('render', ([relation]) => {
      const { schema, identifier } = expectRelation(relation, 'render()')
      const key = JSON.stringify([schema, identifier, columns, unique === true, type ?? null])
      return createHash('md5').update(key).digest('hex')
    }),
  }
  return hostObject({ type: 'PostgresIndexConfig', attribute: (name) => parts[name] })
}
