import { fromJs, type HostObject, hostObject, str, type Value } from '../dialect/index.ts'

/*
 * `flags` in a template: what the command line says, under dbt's names, in capitals.
 */

const defaults: Readonly<Record<string, unknown>> = {
  CACHE_SELECTED_ONLY: false,
  DEBUG: false,
  DEFER: false,
  EMPTY: false,
  EXCLUDE: [],
  FAIL_FAST: false,
  FAVOR_STATE: false,
  FULL_REFRESH: false,
  INDIRECT_SELECTION: 'eager',
  INTROSPECT: true,
  INVOCATION_COMMAND: '',
  LOG_FORMAT: 'default',
  PARTIAL_PARSE: true,
  PRINT: true,
  PROFILES_DIR: '',
  PROJECT_DIR: '',
  QUIET: false,
  REQUIRE_SQL_HEADER_IN_TEST_CONFIGS: false,
  SELECT: [],
  STATIC_PARSER: true,
  STORE_FAILURES: false,
  TARGET_PATH: null,
  USE_COLORS: true,
  VERSION_CHECK: true,
  WARN_ERROR: false,
  WHICH: 'run',
  WRITE_JSON: true,
}

/** The flags of a rendering; those that nobody gave are as when nobody gives them. */
export function flagsValue(given: Readonly<Record<string, unknown>>): HostObject {
  const values: Record<string, unknown> = { ...defaults, ...given }
  const read = (name: string): Value | undefined => {
    const key = name.toUpperCase()
    return Object.hasOwn(values, key) ? fromJs(values[key]) : undefined
  }
  return hostObject({
    type: 'Flags',
    attribute: read,
    item: (key) => read(str(key)),
    repr: () => '<flags>',
  })
}
