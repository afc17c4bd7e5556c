import type { ResourceType } from './node.ts'

/*
 * dbt's config has every key, also those that nobody set: selections find nodes by them, and tools look them up in
 * the manifest without asking. These are the keys of dbt 1.11 with its defaults, in its order.
 */

type Config = Readonly<Record<string, unknown>>

/** The config of a node that says nothing. */
export function defaultConfig(resourceType: ResourceType): Config {
  return defaults[resourceType]
}

const named: Config = {
  enabled: true,
  alias: null,
  schema: null,
  database: null,
  tags: [],
  meta: {},
  group: null,
  static_analysis: null,
}

const built: Config = {
  ...named,
  materialized: 'view',
  incremental_strategy: null,
  batch_size: null,
  lookback: 1,
  begin: null,
  persist_docs: {},
  'post-hook': [],
  'pre-hook': [],
  quoting: {},
  column_types: {},
  full_refresh: null,
  unique_key: null,
  on_schema_change: 'ignore',
  on_configuration_change: 'apply',
  grants: {},
  packages: [],
  docs: { show: true, node_color: null },
  contract: { enforced: false, alias_types: true },
  event_time: null,
  concurrent_batches: null,
}

const model: Config = { ...built, access: 'protected', freshness: null }
const semantic: Config = { enabled: true, group: null, meta: {} }

const defaults: Readonly<Record<ResourceType, Config>> = {
  model,
  job: model,
  job_table: model,
  load: model,
  analysis: built,
  seed: { ...built, materialized: 'seed', delimiter: ',', quote_columns: null },
  snapshot: {
    ...built,
    materialized: 'snapshot',
    strategy: null,
    target_schema: null,
    target_database: null,
    updated_at: null,
    check_cols: null,
    snapshot_meta_column_names: {
      dbt_valid_to: null,
      dbt_valid_from: null,
      dbt_scd_id: null,
      dbt_updated_at: null,
      dbt_is_deleted: null,
    },
    dbt_valid_to_current: null,
  },
  test: {
    ...named,
    schema: 'dbt_test__audit',
    materialized: 'test',
    severity: 'ERROR',
    store_failures: null,
    store_failures_as: null,
    sql_header: null,
    where: null,
    limit: null,
    fail_calc: 'count(*)',
    warn_if: '!= 0',
    error_if: '!= 0',
  },
  unit_test: { tags: [], meta: {}, enabled: true, static_analysis: null },
  source: {
    enabled: true,
    event_time: null,
    freshness: null,
    loaded_at_field: null,
    loaded_at_query: null,
    meta: {},
    tags: [],
    static_analysis: null,
  },
  function: {
    ...built,
    materialized: 'function',
    type: 'scalar',
    volatility: null,
    runtime_version: null,
    entry_point: null,
    snowflake: { quote_args: true },
  },
  exposure: { enabled: true, tags: [], meta: {} },
  metric: semantic,
  semantic_model: semantic,
  saved_query: { ...semantic, export_as: null, schema: null, cache: { enabled: false } },
}
