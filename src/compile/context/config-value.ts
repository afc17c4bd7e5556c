import { type Config, configKey, isMap, mergeConfig } from '../config-tree.ts'
import {
  fromJs,
  type HostObject,
  hostFunction,
  hostObject,
  raise,
  toJs,
  type Value,
} from '../dialect/index.ts'

/*
 * `config` in a template: called, it declares; `get` and `require` read what is configured.
 */

export interface ConfigScope {
  /** What is configured for the node as far as it is known. */
  readonly current: () => Config
  /** Takes what the template declares. */
  readonly declare: (values: Config) => void
}

/** The `config` of one node's template. */
export function configValue({ current, declare }: ConfigScope): HostObject {
  const read = (name: Value | undefined): unknown => current()[configKey(String(name))]
  const methods: Record<string, HostObject> = {
    get: hostFunction('config.get', ([name, fallback = null], kwargs) => {
      const value = read(name)
      return value === undefined ? (kwargs.default ?? fallback) : fromJs(value)
    }),
    require: hostFunction('config.require', ([name]) => {
      const value = read(name)
      if (value === undefined) raise('KeyError', `config '${String(name)}' is required and not set`)
      return fromJs(value)
    }),
    set: hostFunction('config.set', ([name, value = null]) => {
      declare({ [configKey(String(name))]: toJs(value) })
      return ''
    }),
    meta_get: hostFunction('config.meta_get', ([name, fallback = null]) => {
      const meta = current().meta
      return isMap(meta) && String(name) in meta ? fromJs(meta[String(name)]) : fallback
    }),
  }
  return hostObject({
    type: 'config',
    attribute: (name) => methods[name],
    call: (args, kwargs) => {
      const positional = args.map((arg) => toJs(arg)).filter(isMap)
      const named = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, toJs(value)]))
      declare([...positional, named].reduce<Config>(mergeConfig, {}))
      return ''
    },
  })
}
