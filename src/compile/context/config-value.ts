import { type Config, configKey, isMap } from '../config-tree.ts'
import {
  callValue,
  fromJs,
  type HostObject,
  hostFunction,
  hostObject,
  type Kwargs,
  raise,
  str,
  toExactJs as toJs,
  type Value,
} from '../dialect/index.ts'
import { declaredConfig } from './declared-config.ts'

/*
 * `config` in a template: called, it declares; `get` and `require` read what is configured. While a project is
 * parsed nothing is known yet, and what is read is empty text, as in dbt.
 */

export interface ConfigScope {
  /** What is configured for the node; null while it is parsed. */
  readonly current: () => Config | null
  /** Takes what the template declares. */
  readonly declare: (values: Config) => void
}

/** The `config` of one node's template. */
export function configValue(given: ConfigScope): HostObject {
  const scope: ConfigScope = { ...given, declare: (values) => given.declare(declaredConfig(values)) }
  const methods = configMethods(scope)
  return hostObject({
    type: 'config',
    attribute: (name) => methods[name],
    call: (args, kwargs) => {
      const positional = args.map((arg) => toJs(arg)).filter(isMap)
      const named = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, toJs(value)]))
      for (const values of [...positional, named]) if (Object.keys(values).length > 0) scope.declare(values)
      return ''
    },
  })
}

function configMethods({ current, declare }: ConfigScope): Record<string, HostObject> {
  const metaOf = (config: Config): Config => (isMap(config['meta']) ? config['meta'] : {})
  const lookUp = (config: Config, name: string): unknown => {
    const key = configKey(name)
    return Object.hasOwn(config, key) ? config[key] : config[name]
  }
  const persistsDocs = (what: string): boolean => {
    const persisted = current()?.['persist_docs']
    return isMap(persisted) && persisted[what] === true
  }
  const getter =
    (isRequired: boolean, inMeta: boolean) =>
    (args: readonly Value[], kwargs: Kwargs): Value => {
      const config = current()
      if (config === null) return ''
      const name = str(args[0] ?? kwargs['name'] ?? '')
      const value = lookUp(inMeta ? metaOf(config) : config, name)
      if (value === undefined && isRequired) raise('KeyError', `config '${name}' is required and not set`)
      const fallback = isRequired ? undefined : (args[1] ?? kwargs['default'])
      const read = value === undefined ? (fallback ?? null) : fromJs(value)
      const validator = args[isRequired ? 1 : 2] ?? kwargs['validator']
      const isChecked = isRequired || (fallback !== undefined && fallback !== null)
      if (validator !== undefined && validator !== null && isChecked) callValue(validator, [read])
      return read
    }
  const methods = {
    get: getter(false, false),
    require: getter(true, false),
    meta_get: getter(false, true),
    meta_require: getter(true, true),
    set: ([name, value = null]: readonly Value[]): Value => {
      declare({ [configKey(str(name ?? ''))]: toJs(value) })
      return ''
    },
    persist_relation_docs: (): Value => persistsDocs('relation'),
    persist_column_docs: (): Value => persistsDocs('columns'),
  }
  return Object.fromEntries(
    Object.entries(methods).map(([name, call]) => [name, hostFunction(`config.${name}`, call)]),
  )
}
