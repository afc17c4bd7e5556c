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

/** dbt's switches for changed behaviour, as they stand where a project says nothing. */
const behaviours: Readonly<Record<string, boolean>> = {
  REQUIRE_ALL_WARNINGS_HANDLED_BY_WARN_ERROR: false,
  REQUIRE_BATCHED_EXECUTION_FOR_CUSTOM_MICROBATCH_STRATEGY: false,
  REQUIRE_EXPLICIT_PACKAGE_OVERRIDES_FOR_BUILTIN_MATERIALIZATIONS: true,
  REQUIRE_GENERIC_TEST_ARGUMENTS_PROPERTY: true,
  REQUIRE_NESTED_CUMULATIVE_TYPE_PARAMS: false,
  REQUIRE_REF_SEARCHES_NODE_PACKAGE_BEFORE_ROOT: false,
  REQUIRE_RESOURCE_NAMES_WITHOUT_SPACES: true,
  REQUIRE_SQL_HEADER_IN_TEST_CONFIGS: false,
  REQUIRE_UNIQUE_PROJECT_RESOURCE_NAMES: false,
  REQUIRE_YAML_CONFIGURATION_FOR_MF_TIME_SPINES: false,
  SKIP_NODES_IF_ON_RUN_START_FAILS: false,
  SOURCE_FRESHNESS_RUN_PROJECT_HOOKS: true,
  STATE_MODIFIED_COMPARE_MORE_UNRENDERED_VALUES: false,
  STATE_MODIFIED_COMPARE_VARS: false,
  VALIDATE_MACRO_ARGS: false,
}

const usual: Readonly<Record<string, unknown>> = { ...defaults, ...behaviours }

/** The flags of a rendering; those that nobody gave are as when nobody gives them. */
export function flagsValue(given: Readonly<Record<string, unknown>>): HostObject {
  const read = (name: string): Value | undefined => {
    const key = name.toUpperCase()
    // Nothing is put together beforehand: every rendering has this value, and most ask for one flag of it.
    if (Object.hasOwn(given, key)) return fromJs(given[key])
    return Object.hasOwn(usual, key) ? fromJs(usual[key]) : undefined
  }
  return hostObject({
    type: 'Flags',
    attribute: read,
    item: (key) => read(str(key)),
    repr: () => '<flags>',
  })
}
