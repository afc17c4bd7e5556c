import {
  type HostObject,
  hostFunction,
  hostObject,
  iterate,
  type Kwargs,
  raise,
  str,
  type Value,
} from '../dialect/index.ts'
import { ContextError } from '../template-problem.ts'

/*
 * `exceptions` in a template: what a macro says when it cannot go on, or when something is odd.
 */

type Call = (args: readonly Value[], kwargs: Kwargs) => Value

/** The `exceptions` of a rendering; `warn` tells a person. */
export function exceptionsValue(warn: (message: string) => void): HostObject {
  const stop = (args: readonly Value[], kwargs: Kwargs): never =>
    raise('TemplateRuntimeError', str(args[0] ?? kwargs['msg'] ?? kwargs['message'] ?? ''))
  const calls: Record<string, Call> = {
    raise_compiler_error: stop,
    raise_not_implemented: stop,
    raise_database_error: stop,
    raise_dependency_error: stop,
    raise_fail_fast_error: stop,
    raise_cache_inconsistent: stop,
    warn: ([message], kwargs) => {
      warn(str(message ?? kwargs['msg'] ?? ''))
      return ''
    },
    missing_config: ([, name]) =>
      raise('TemplateRuntimeError', `config '${str(name ?? '')}' is required and not set`),
    missing_materialization: () => raise('TemplateRuntimeError', 'there is no such materialization'),
    missing_relation: ([relation]) =>
      raise('TemplateRuntimeError', `there is no relation ${str(relation ?? '')}`),
    relation_wrong_type: ([relation, expected]) =>
      raise(
        'TemplateRuntimeError',
        `${str(relation ?? '')} is not a ${str(expected ?? '')}, and is in the way; drop it or build with --full-refresh`,
      ),
    raise_contract_error: ([yaml, sql]) => raiseContractError(yaml ?? [], sql ?? []),
    column_type_missing: ([names], kwargs) =>
      raise(
        'TemplateRuntimeError',
        `a contract needs a data_type for every column; missing: ${[...iterate(names ?? kwargs['column_names'] ?? [])].map(str).join(', ')}`,
      ),
    warn_snapshot_timestamp_data_types: ([snapshotType, updatedAtType], kwargs) => {
      const types = [
        snapshotType ?? kwargs['snapshot_time_data_type'],
        updatedAtType ?? kwargs['updated_at_data_type'],
      ]
      warn(`the snapshot's time is ${str(types[0] ?? null)} and updated_at is ${str(types[1] ?? null)}`)
      return ''
    },
  }
  const named = (name: string): HostObject | undefined => {
    const call = Object.hasOwn(calls, name) ? calls[name]! : /^raise_/.test(name) ? stop : undefined
    return call && hostFunction(name, call)
  }
  return hostObject({ type: 'dict', attribute: named, item: (key) => named(str(key)) })
}

function raiseContractError(yaml: Value, sql: Value): never {
  const lines = (columns: Value): string =>
    [...iterate(columns)]
      .map((column) => {
        const get = (key: string): string =>
          typeof column === 'object' && column !== null && 'entries' in column
            ? str((column.entries as Map<unknown, [Value, Value]>).get(key)?.[1] ?? '')
            : ''
        return `${get('name')} ${get('data_type')}`
      })
      .join(', ')
  throw new ContextError(
    'config-invalid',
    `the query does not give the columns of its contract: it gives ${lines(sql) || 'none'}, YAML says ${lines(yaml) || 'none'}`,
    'change the query, or the columns and data types in YAML',
  )
}
