import {
  Dict,
  type HostObject,
  hostFunction,
  type Kwargs,
  raise,
  repr,
  str,
  type Value,
} from '../dialect/index.ts'
import { responseValue } from './adapter-value.ts'
import { emptyTable } from './table-parts.ts'
import { type PrintTable, tableData, tableValue } from './table-value.ts'

/*
 * The results of statements by name: stored by `statement`, taken once by `load_result`.
 */

/** `load_result`, `store_result` and `store_raw_result` of one rendering. */
export function resultFunctions(print: PrintTable): Readonly<Record<string, HostObject>> {
  const results = new Map<string, Dict | null>()
  const nothing = tableValue(emptyTable, print)
  const store = (name: Value | undefined, response: Value, table: Value | undefined): Value => {
    const kept = table ?? nothing
    const data = (kept as HostObject | null)?.protocol?.iterate
    const rows = data ? [...(kept as HostObject).protocol.iterate!()] : []
    const cells = rows.map((row) => [...(row as HostObject).protocol.iterate!()])
    results.set(
      str(name ?? null),
      Dict.of([
        ['response', response],
        ['data', tableData({ columns: [], rows: cells })],
        ['table', kept],
      ]),
    )
    return ''
  }
  const either = (args: readonly Value[], kwargs: Kwargs, at: number, name: string): Value | undefined =>
    args[at] ?? kwargs[name] ?? undefined
  return {
    load_result: hostFunction('load_result', ([name]) => {
      const key = str(name ?? null)
      const found = results.get(key)
      if (found === undefined) return null
      if (found === null)
        raise(
          'TemplateRuntimeError',
          `the result ${repr(key)} was loaded before; it is kept for one time only`,
        )
      if (key !== 'main') results.set(key, null)
      return found
    }),
    store_result: hostFunction('store_result', (args, kwargs) =>
      store(
        either(args, kwargs, 0, 'name'),
        either(args, kwargs, 1, 'response') ?? null,
        either(args, kwargs, 2, 'agate_table'),
      ),
    ),
    store_raw_result: hostFunction('store_raw_result', (args, kwargs) => {
      const message = either(args, kwargs, 1, 'message') ?? either(args, kwargs, 2, 'code') ?? ''
      return store(
        either(args, kwargs, 0, 'name'),
        responseValue(str(message), null),
        either(args, kwargs, 4, 'agate_table'),
      )
    }),
  }
}
