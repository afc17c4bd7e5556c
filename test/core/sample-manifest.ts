import type { Manifest } from '../../src/core/manifest.ts'
import type { ModelNode, Node, NodeId, SourceNode, TestNode } from '../../src/core/node.ts'

/*
 * A small graph for tests of everything that walks or selects:
 *
 *   source app.users ─ stg_users ─┬─ int_sessions ─┬─ orders ─ exposure board
 *   source app.events ─ stg_events┘                └─ sessions_daily (incremental)
 *   seed countries ─────────────────────────────────┘
 *
 * with tests: not_null on stg_users, relationships between stg_events and stg_users, unique on orders (warn),
 * a singular test over orders and countries.
 */

const base = (id: NodeId, path: string, dependsOn: readonly NodeId[], folders: readonly string[]) => {
  const name = id.slice(id.lastIndexOf('.') + 1)
  return {
    id,
    name,
    package: 'shop',
    path,
    place: { file: path, line: 1, column: 1 },
    fqn: ['shop', ...folders, name],
    description: '',
    tags: [] as string[],
    meta: {},
    columns: [],
    config: {},
    dependsOn,
  }
}

function model(
  name: string,
  folders: string[],
  dependsOn: NodeId[],
  more: Partial<ModelNode> = {},
): ModelNode {
  return {
    ...base(`model.shop.${name}`, `models/${[...folders, name].join('/')}.sql`, dependsOn, folders),
    resourceType: 'model',
    relation: { schema: 'analytics', identifier: name },
    rawCode: '',
    checksum: '',
    materialized: 'view',
    uniqueKey: [],
    incrementalStrategy: 'append',
    onSchemaChange: 'ignore',
    indexes: [],
    unlogged: false,
    access: 'protected',
    contractEnforced: false,
    constraints: [],
    ...more,
  }
}

function test(name: string, dependsOn: NodeId[], macro?: string, more: Partial<TestNode> = {}): TestNode {
  const path = macro ? 'models/staging/schema.yml' : `tests/${name}.sql`
  return {
    ...base(`test.shop.${name}`, path, dependsOn, macro ? ['staging'] : []),
    resourceType: 'test',
    testKind: macro ? 'generic' : 'singular',
    rawCode: '',
    relation: { schema: 'dbt_test__audit', identifier: name },
    ...(macro && { generic: { macro, model: '', args: {} } }),
    severity: 'error',
    errorIf: '!= 0',
    warnIf: '!= 0',
    failCalc: 'count(*)',
    ...more,
  }
}

function source(table: string): SourceNode {
  return {
    ...base(`source.shop.app.${table}`, 'models/sources.yml', [], ['app']),
    resourceType: 'source',
    sourceName: 'app',
    sourceDescription: '',
    extra: {},
    relation: { schema: 'app', identifier: table },
  }
}

const nodes: Node[] = [
  source('users'),
  source('events'),
  model('stg_users', ['staging'], ['source.shop.app.users'], { tags: ['nightly', 'people'] }),
  model('stg_events', ['staging'], ['source.shop.app.events'], { tags: ['nightly'] }),
  model('int_sessions', ['intermediate'], ['model.shop.stg_users', 'model.shop.stg_events'], {
    materialized: 'table',
  }),
  model('orders', ['marts', 'sales'], ['model.shop.int_sessions', 'seed.shop.countries'], {
    materialized: 'table',
    config: { grants: { select: ['bi'] }, contract: { enforced: true } },
    contractEnforced: true,
    meta: { owner: 'sales', pii: true },
  }),
  model('sessions_daily', ['marts'], ['model.shop.int_sessions'], {
    materialized: 'incremental',
    uniqueKey: ['day', 'user_id'],
  }),
  {
    ...base('seed.shop.countries', 'seeds/countries.csv', [], []),
    resourceType: 'seed',
    indexes: [],
    relation: { schema: 'analytics', identifier: 'countries' },
    columnTypes: {},
    delimiter: ',',
    checksum: '',
  },
  test('not_null_users', ['model.shop.stg_users'], 'not_null'),
  test(
    'events_have_users',
    ['model.shop.stg_events', 'model.shop.stg_users'],
    'dbt_utils.relationships_where',
  ),
  test('unique_orders', ['model.shop.orders'], 'unique', { severity: 'warn' }),
  test('orders_in_countries', ['model.shop.orders', 'seed.shop.countries']),
  {
    ...base('exposure.shop.board', 'models/exposures.yml', ['model.shop.orders'], []),
    resourceType: 'exposure',
    exposureType: 'dashboard',
    owner: {},
  },
]

/** The nodes above as a manifest. */
export const sampleManifest: Manifest = {
  project: 'shop',
  nodes: Object.fromEntries(nodes.map((node) => [node.id, node])),
  macros: {},
  vars: {},
  groups: {},
  docs: {},
  hooks: [],
  selectors: {},
  disabled: [],
  warnings: [],
}

/** A manifest in which only the dependencies matter. */
export function manifestOf(dependencies: Readonly<Record<NodeId, readonly NodeId[]>>): Manifest {
  const entries = Object.entries(dependencies).map(([id, dependsOn]) => [
    id,
    { ...model(id, [], []), id, dependsOn },
  ])
  return { ...sampleManifest, nodes: Object.fromEntries(entries) }
}
