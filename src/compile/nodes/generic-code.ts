import type { Config } from '../config-tree.ts'
import { fromJs, str } from '../dialect/index.ts'

/** The keys of a test's config that come first, in this order; others follow as they are written. */
const firstKeys = [
  'severity',
  'tags',
  'enabled',
  'where',
  'limit',
  'warn_if',
  'error_if',
  'fail_calc',
  'store_failures',
  'store_failures_as',
  'meta',
  'database',
  'schema',
  'alias',
]

/**
 * The template that stands for a generic test: a call of its macro, and its own config. What the macro is called with
 * is in the node. Nobody renders it; by this text dbt tells whether a test is still the same.
 */
export function genericCode(macro: string, config: Config, alias?: string): string {
  const [name, packageName] = macro.split('.').reverse()
  const call = `${packageName === undefined ? '' : `${packageName}.`}test_${name}(**_dbt_generic_test_kwargs)`
  const given = (key: string): boolean => config[key] !== undefined && config[key] !== null
  const keys = [...firstKeys, ...Object.keys(config).filter((key) => !firstKeys.includes(key))]
  const said = keys.filter(given).map((key) => `${key}=${written(config[key])}`)
  if (alias !== undefined) said.push(`alias=${written(alias)}`)
  return `{{ ${call} }}${said.length === 0 ? '' : `{{ config(${said.join(',')}) }}`}`
}

function written(value: unknown): string {
  return typeof value === 'string' ? `"${value.replaceAll('"', '\\"')}"` : str(fromJs(value))
}
