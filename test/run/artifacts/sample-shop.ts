import type { Manifest, Target } from '../../../src/core/manifest.ts'
import type {
  ColumnInfo,
  ExposureNode,
  JobNode,
  LoadNode,
  ModelNode,
  Node,
  SeedNode,
  SourceNode,
  TestNode,
} from '../../../src/core/node.ts'
import { makeProblem } from '../../../src/core/problem.ts'
import type { NodeResult, RunResult } from '../../../src/core/run-result.ts'

/*
 * One node of every kind, as they hang together in a project:
 *
 *   load shop ─ source raw.orders ─ orders (incremental) ─┬─ job checkout_test ─ exposure board
 *   source raw.visits ─ stg_visits (ephemeral) ───────────┤
 *   seed countries ───────────────────────────────────────┘
 */

const base = (id: string, path: string, dependsOn: readonly string[], folders: readonly string[] = []) => {
  const name = id.split('.')[id.startsWith('source.') ? 3 : 2]!
  return {
    id,
    name,
    package: 'shop',
    path,
    place: { file: path, line: 1, column: 1 },
    fqn: ['shop', ...folders, name],
    description: '',
    tags: [] as readonly string[],
    meta: {},
    columns: [] as readonly ColumnInfo[],
    config: {},
    dependsOn,
  }
}

const hash = 'ab'.repeat(32)

export const load: LoadNode = {
  ...base('load.shop.shop', 'pipelines/shop.yml', []),
  resourceType: 'load',
  checksum: hash,
  spec: {
    kind: 'generator',
    module: 'pipelines/shop.ts',
    params: { users: 1000 },
    tables: [
      {
        schema: 'raw',
        name: 'orders',
        description: 'One row per order',
        columns: [{ name: 'order_id', type: 'bigint', description: '' }],
        primaryKey: ['order_id'],
      },
    ],
  },
}

export const rawOrders: SourceNode = {
  ...base('source.shop.raw.orders', 'models/sources.yml', [load.id], ['raw']),
  resourceType: 'source',
  sourceName: 'raw',
  sourceDescription: '',
  extra: {},
  relation: { schema: 'raw', identifier: 'orders' },
}

export const rawVisits: SourceNode = {
  ...base('source.shop.raw.visits', 'models/sources.yml', [], ['raw']),
  resourceType: 'source',
  sourceName: 'raw',
  sourceDescription: '',
  extra: {},
  relation: { schema: 'raw', identifier: 'page_visits' },
  loader: 'airbyte',
  freshness: { warnAfter: { count: 12, period: 'hour' } },
  loadedAtField: 'visited_at',
  meta: { owner: 'web' },
}

export const countries: SeedNode = {
  ...base('seed.shop.countries', 'seeds/geo/countries.csv', [], ['geo']),
  resourceType: 'seed',
  indexes: [],
  relation: { schema: 'analytics', identifier: 'countries' },
  columnTypes: { code: 'char(2)' },
  delimiter: ';',
  checksum: hash,
}

export const stgVisits: ModelNode = {
  ...base('model.shop.stg_visits', 'models/staging/stg_visits.sql', [rawVisits.id], ['staging']),
  resourceType: 'model',
  relation: { schema: 'analytics', identifier: 'stg_visits' },
  rawCode: "select * from {{ source('raw', 'visits') }}",
  checksum: hash,
  materialized: 'ephemeral',
  uniqueKey: [],
  incrementalStrategy: 'append',
  onSchemaChange: 'ignore',
  indexes: [],
  unlogged: false,
  access: 'protected',
  contractEnforced: false,
  constraints: [],
}

export const orders: ModelNode = {
  ...base(
    'model.shop.orders',
    'models/marts/orders.sql',
    [rawOrders.id, stgVisits.id, countries.id],
    ['marts'],
  ),
  resourceType: 'model',
  description: 'One row per "order"',
  tags: ['nightly'],
  meta: { owner: 'ada', rows: 12345678901234567890n },
  columns: [
    {
      name: 'order_id',
      description: 'The key',
      dataType: 'bigint',
      tags: ['key'],
      meta: { pii: false },
      quote: true,
      constraints: [{ type: 'not_null', colour: 'red' }, { type: 'beautiful' }],
    },
  ],
  config: {
    tags: 'nightly',
    materialized: 'incremental',
    incremental_strategy: 'merge',
    unique_key: ['order_id', 'day'],
    pre_hook: "set work_mem = '1GB'",
    docs: { show: true, node_color: 'teal' },
    freshness: 'tomorrow',
    on_configuration_change: 'explode',
    grants: { select: ['reporter'] },
    partition_of_ours: { by: 'day' },
  },
  relation: { schema: 'analytics_marts', identifier: 'fct_orders' },
  rawCode: "select * from {{ source('raw', 'orders') }} join {{ ref('stg_visits') }} using (user_id)",
  checksum: hash,
  materialized: 'incremental',
  uniqueKey: ['order_id', 'day'],
  incrementalStrategy: 'merge',
  onSchemaChange: 'append_new_columns',
  fullRefresh: false,
  indexes: [{ columns: ['user_id'], unique: false, type: 'btree' }],
  unlogged: false,
  patchPath: 'models/marts/marts.yml',
  group: 'finance',
  access: 'public',
  contractEnforced: true,
  constraints: [{ type: 'primary_key', columns: ['order_id', 'day'] }],
  version: 2,
  latestVersion: 3,
}

const testBase = {
  resourceType: 'test',
  relation: { schema: 'dbt_test__audit', identifier: 'failures' },
  severity: 'error',
  errorIf: '!= 0',
  warnIf: '!= 0',
  failCalc: 'count(*)',
} as const

export const uniqueOrder: TestNode = {
  ...base('test.shop.unique_orders_order_id.0123456789', 'models/marts/marts.yml', [orders.id]),
  ...testBase,
  testKind: 'generic',
  rawCode: '{{ test_unique(**_dbt_generic_test_kwargs) }}',
  generic: {
    macro: 'unique',
    model: "ref('orders')",
    column: 'order_id',
    args: { column_name: 'order_id' },
  },
  attachedTo: orders.id,
  storeFailures: 'view',
  severity: 'warn',
  warnIf: '> 10',
  limit: 100,
  where: "day > '2024-01-01'",
}

export const sourceTest: TestNode = {
  ...base('test.shop.source_not_null_raw_visits_id.0123456789', 'models/sources.yml', [rawVisits.id]),
  ...testBase,
  testKind: 'generic',
  rawCode: '{{ test_not_null(**_dbt_generic_test_kwargs) }}',
  generic: { macro: 'extras.not_null', model: "source('raw', 'visits')", args: {} },
  attachedTo: rawVisits.id,
}

export const singularTest: TestNode = {
  ...base('test.shop.revenue_agrees', 'tests/finance/revenue_agrees.sql', [orders.id], ['finance']),
  ...testBase,
  testKind: 'singular',
  rawCode: "select * from {{ ref('orders') }} where revenue < 0",
}

export const job: JobNode = {
  ...base('job.shop.checkout_test', 'analytics/checkout_test.yml', [orders.id]),
  resourceType: 'job',
  relation: { schema: 'analytics', identifier: 'checkout_test' },
  tables: [{ suffix: '', relation: { schema: 'analytics', identifier: 'checkout_test' } }],
  columnReads: [],
  spec: {
    kind: 'experiment',
    question: 'Does the short checkout sell more?',
    data: { kind: 'units', ref: 'orders', unit: 'user_id', arm: 'arm' },
    control: 'long',
    treatments: ['short'],
    expectedWeights: { long: 1, short: 1 },
    outcomes: [
      {
        name: 'revenue',
        description: '',
        role: 'secondary',
        better: 'higher',
        source: { from: 'columns', kind: 'mean', column: 'revenue' },
        covariates: [],
      },
    ],
    methods: ['difference_in_means'],
    segments: [],
    strata: [],
    ciLevel: 0.95,
    multiplicity: { correction: 'none', family: 'goals' },
    health: [{ check: 'sample_ratio', critical: true, threshold: 0.001 }],
    bootstrap: { replicates: 1000, seed: 1 },
    permutation: { permutations: 999, seed: 1 },
    interactions: [],
    asOf: '2024-03-01T00:00:00Z',
  },
}

export const jobTest: TestNode = {
  ...base('test.shop.not_null_checkout_test_estimand.0123456789', 'analytics/checkout_test.yml', [job.id]),
  ...testBase,
  testKind: 'generic',
  rawCode: '{{ test_not_null(**_dbt_generic_test_kwargs) }}',
  generic: {
    macro: 'not_null',
    model: "ref('checkout_test')",
    column: 'estimand',
    args: { column_name: 'estimand' },
  },
  attachedTo: job.id,
}

export const board: ExposureNode = {
  ...base('exposure.shop.board', 'models/exposures.yml', [job.id, orders.id]),
  resourceType: 'exposure',
  exposureType: 'dashboard',
  owner: { name: 'Ada', email: 'ada@example.com' },
  maturity: 'high',
  label: 'The board',
  url: 'https://bi.example.com/board',
}

/** A manifest of the nodes. */
export function manifestOf(nodes: readonly Node[]): Manifest {
  const macro = (name: string) => ({
    name,
    package: 'shop',
    path: 'macros/tests.sql',
    source: `{% macro ${name}(model, column_name) %}select 1{% endmacro %}`,
  })
  return {
    project: 'shop',
    nodes: Object.fromEntries(nodes.map((node) => [node.id, node])),
    macros: { test_unique: macro('test_unique'), test_not_null: macro('test_not_null') },
    hooks: [],
    vars: {},
    groups: {},
    docs: {},
    selectors: {},
    disabled: [],
    warnings: [],
  }
}

export const shop: Manifest = manifestOf([
  load,
  rawOrders,
  rawVisits,
  countries,
  stgVisits,
  orders,
  uniqueOrder,
  sourceTest,
  singularTest,
  job,
  jobTest,
  board,
])

export const target: Target = {
  name: 'dev',
  type: 'postgres',
  engine: 'embedded',
  schema: 'analytics',
  database: 'warehouse',
  host: 'localhost',
  port: 5432,
  user: 'estimand',
  threads: 4,
}

export const options = {
  invocationId: '7d6f3a52-93bd-4f8e-8a1c-0f7d2f3c9b11',
  startedAt: new Date('2024-03-02T03:58:58.000Z'),
  generatedAt: new Date('2024-03-02T04:00:00.000Z'),
  environment: { DBT_ENV_CUSTOM_ENV_stage: 'ci', HOME: '/home/ann' },
  version: '0.1.0',
  target,
}

const result = (nodeId: string, more: Partial<NodeResult>): NodeResult => ({
  nodeId,
  status: 'success',
  startedAt: '2024-03-02T03:59:00.000Z',
  finishedAt: '2024-03-02T03:59:01.500Z',
  durationMs: 1500,
  rows: null,
  message: '',
  thread: 1,
  ...more,
})

const failing = makeProblem('test-failed', 'revenue_agrees: 3 failing rows', { place: singularTest.place })

/** A run with a result of every status. */
export const run: RunResult = {
  runId: '9b7c2d1e',
  command: 'build',
  status: 'failed',
  startedAt: '2024-03-02T03:58:59.000Z',
  elapsedMs: 4250,
  published: false,
  publishMs: null,
  problems: [],
  results: [
    result(load.id, { status: 'reused', message: 'unchanged' }),
    result(countries.id, { rows: 249, message: '249 rows' }),
    result(orders.id, {
      rows: 42,
      message: '42 rows',
      compiledCode: 'select * from built.orders',
      thread: 2,
    }),
    result(uniqueOrder.id, {
      status: 'warn',
      rows: 12,
      message: '12 failing rows',
      compiledCode: 'select 1',
    }),
    result(sourceTest.id, { status: 'pass', rows: 0, message: 'pass', compiledCode: 'select 2' }),
    result(singularTest.id, {
      status: 'fail',
      rows: 3,
      message: '3 failing rows',
      compiledCode: 'select 3',
      problem: failing,
    }),
    result(job.id, {
      status: 'error',
      message: 'no such column: arm',
      problem: makeProblem('sql-error', 'no such column: arm', { place: job.place }),
    }),
    result(jobTest.id, {
      status: 'skipped',
      message: 'checkout_test failed',
      startedAt: null,
      finishedAt: null,
      durationMs: 0,
      thread: null,
    }),
  ],
}
