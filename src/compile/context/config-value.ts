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
  return hostObject({
    type: 'config',
    attribute: (name) =>
      Object.hasOwn(methods, name) ? hostFunction(`config.${name}`, methods[name]!(scope)) : undefined,
    call: (args, kwargs) => {
      const positional = args.map((arg) => toJs(arg)).filter(isMap)
      const named = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, toJs(value)]))
      for (const values of [...positional, named]) if (Object.keys(values).length > 0) scope.declare(values)
      return ''
    },
  })
}

type Method = (args: readonly Value[], kwargs: Kwargs) => Value

function metaOf(config: Config): Config {
  return isMap(config['meta']) ? config['meta'] : {}
}

function lookUp(config: Config, name: string): unknown {
  const key = configKey(name)
  return Object.hasOwn(config, key) ? config[key] : config[name]
}

const persists =
  (what: string) =>
  ({ current }: ConfigScope): Method =>
  () => {
    const persisted = current()?.['persist_docs']
    return isMap(persisted) && persisted[what] === true
  }

const getter =
  (isRequired: boolean, inMeta: boolean) =>
  ({ current }: ConfigScope): Method =>
  (args, kwargs) => {
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

const setter =
  ({ declare }: ConfigScope): Method =>
  ([name, value = null]) => {
    declare({ [configKey(str(name ?? ''))]: toJs(value) })
    return ''
  }

/** Made for a template when it asks for one, which few do for more. */
const methods: Readonly<Record<string, (scope: ConfigScope) => Method>> = {
  get: getter(false, false),
  require: getter(true, false),
  meta_get: getter(false, true),
  meta_require: getter(true, true),
  set: setter,
  persist_relation_docs: persists('relation'),
  persist_column_docs: persists('columns'),
}
