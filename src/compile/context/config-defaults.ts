import type { ResourceType } from '../../core/node.ts'
import type { Config } from '../config-tree.ts'

/*
 * The keys that a node's config has in dbt whether or not anybody set them: `config.get('schema', 'x')` is none,
 * not 'x', when no schema is set. Macros test for that.
 */

const every: Config = {
  enabled: true,
  alias: null,
  schema: null,
  database: null,
  tags: [],
  meta: {},
  group: null,
}

const built: Config = {
  ...every,
  materialized: 'view',
  incremental_strategy: null,
  batch_size: null,
  lookback: 1,
  begin: null,
  persist_docs: {},
  post_hook: [],
  pre_hook: [],
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

const defaults: Partial<Record<ResourceType, Config>> = {
  model: { ...built, access: 'protected', freshness: null },
  analysis: built,
  source: {
    enabled: true,
    event_time: null,
    loaded_at_field: null,
    loaded_at_query: null,
    meta: {},
    tags: [],
  },
  exposure: { enabled: true, tags: [], meta: {} },
  metric: { enabled: true, group: null, meta: {} },
  seed: { ...built, materialized: 'seed', delimiter: ',', quote_columns: null },
  snapshot: {
    ...built,
    materialized: 'snapshot',
    strategy: null,
    target_schema: null,
    target_database: null,
    updated_at: null,
    check_cols: null,
    snapshot_meta_column_names: {},
    dbt_valid_to_current: null,
  },
  test: {
    ...every,
    materialized: 'test',
    severity: 'ERROR',
    store_failures: null,
    store_failures_as: null,
    where: null,
    limit: null,
    fail_calc: 'count(*)',
    warn_if: '!= 0',
    error_if: '!= 0',
  },
}

/** A node's config with the keys that every node of its kind has. */
export function withDefaults(resourceType: ResourceType, config: Config): Config {
  const contract = config['contract']
  return {
    ...defaults[resourceType],
    ...config,
    ...(typeof contract === 'object' &&
      contract !== null && { contract: { enforced: false, alias_types: true, ...contract } }),
  }
}
