import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { Manifest, Target } from '../../src/core/manifest.ts'
import type { ModelNode, Node, SnapshotNode, UnitTestNode } from '../../src/core/node.ts'
import { readProject } from '../../src/project/read-project.ts'

/*
 * A project made for dbt: read as it is, and compared with what dbt itself makes of it. expected.json was written
 * from dbt's own manifest.
 */

const root = join(import.meta.dirname, '..', 'projects', 'dbt-shop')
const expected = JSON.parse(readFileSync(join(root, 'expected.json'), 'utf8')) as {
  readonly nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly disabled: readonly string[]
  readonly groups: readonly string[]
  readonly docs: readonly string[]
}

const target: Target = {
  name: 'dev',
  type: 'postgres',
  engine: 'postgres',
  schema: 'analytics',
  database: 'shop',
  host: 'localhost',
  port: 5432,
  user: 'shop',
  threads: 2,
}

async function compiled(vars: Readonly<Record<string, unknown>> = {}): Promise<Manifest> {
  const project = await readProject(root)
  const { manifest } = await compile(project, { target, vars, env: {}, clock: () => new Date(0) })
  return manifest
}

/** A node as expected.json describes it. */
function described(node: Node): Record<string, unknown> {
  const { fqn, tags, dependsOn, path, description, config, columns } = node
  const isRelation = ['model', 'seed', 'snapshot', 'source'].includes(node.resourceType)
  const defaults: Record<string, unknown> = {
    materialized: { seed: 'seed', snapshot: 'snapshot', test: 'test', model: 'view', analysis: 'view' }[
      node.resourceType as string
    ],
    severity: node.resourceType === 'test' ? 'error' : undefined,
  }
  const read = (key: string) => {
    const value = config[key] ?? defaults[key]
    return key === 'severity' && typeof value === 'string' ? value.toLowerCase() : value
  }
  const keys = ['materialized', 'severity', 'unique_key', 'check_cols', 'fail_calc', 'where', 'grants']
  const set = keys.map((key) => [key, read(key)] as const).filter(([, value]) => value !== undefined)
  const hooks = config['pre_hook'] as readonly { sql: string }[] | undefined
  return {
    fqn,
    tags: [...new Set(tags)].sort(),
    dependsOn: [...dependsOn].sort(),
    path,
    ...(isRelation &&
      'relation' in node && { relation: `${node.relation.schema}.${node.relation.identifier}` }),
    ...(description && { description }),
    ...Object.fromEntries(set),
    ...(hooks && hooks.length > 0 && { pre_hook: hooks.map(({ sql }) => sql) }),
    ...('group' in node && node.group !== undefined && { group: node.group }),
    ...(node.resourceType === 'model' && { access: node.access }),
    ...('version' in node && node.version !== undefined && { version: node.version }),
    ...('latestVersion' in node && { latest_version: node.latestVersion }),
    ...(columns.length > 0 && { columns: columns.map(({ name }) => name) }),
  }
}

describe('a project made for dbt', () => {
  let manifest: Manifest
  beforeAll(async () => {
    manifest = await compiled()
  })

  it('has the nodes that dbt finds in it', () => {
    expect(Object.keys(manifest.nodes).sort()).toEqual(Object.keys(expected.nodes))
    expect(manifest.disabled.map(({ id }) => id).sort()).toEqual(expected.disabled)
    expect(Object.keys(manifest.groups)).toEqual(expected.groups)
    expect(Object.keys(manifest.docs).sort()).toEqual(expected.docs)
  })

  it.each(Object.keys(expected.nodes))('has %s as dbt has it', (id) => {
    expect(described(manifest.nodes[id]!)).toEqual(expected.nodes[id])
  })

  it('switches folders on and off by vars of the command line', async () => {
    const { nodes } = await compiled({ toolbox_models: false })
    expect(Object.keys(nodes).filter((id) => id.startsWith('model.toolbox.'))).toEqual([])
    const withoutMarts = compiled({ with_marts: false })
    await expect(withoutMarts).rejects.toThrow("ref('revenue') names a node that is switched off")
  })

  it('keeps what a contract says of columns and of the model', () => {
    const orders = manifest.nodes['model.dbt_shop.orders.v2'] as ModelNode
    expect(orders.contractEnforced).toBe(true)
    expect(orders.constraints).toEqual([{ type: 'primary_key', columns: ['order_id'] }])
    expect(orders.columns.map(({ name, dataType, constraints }) => [name, dataType, constraints])).toEqual([
      ['order_id', 'bigint', [{ type: 'not_null' }]],
      ['amount', 'numeric', undefined],
      ['ordered_on', 'date', undefined],
    ])
  })

  it('reads snapshots from blocks and from YAML', () => {
    const of = (name: string) => manifest.nodes[`snapshot.dbt_shop.${name}`] as SnapshotNode
    expect(of('orders_by_time').spec).toMatchObject({
      strategy: 'timestamp',
      updatedAt: 'ordered_on',
      hardDeletes: 'invalidate',
    })
    expect(of('orders_by_time').rawCode.trim()).toMatch(/^\{\{ config.*\n.*ref\('stg_orders'\) \}\}$/)
    expect(of('customers_history')).toMatchObject({
      rawCode: "select * from {{ source('shop', 'customers') }}",
      spec: {
        strategy: 'check',
        checkCols: 'all',
        uniqueKey: ['customer_id'],
        validToCurrent: "'9999-12-31'::timestamp",
        metaColumns: { validFrom: 'valid_from', validTo: 'valid_to', scdId: 'dbt_scd_id' },
      },
    })
  })

  it('reads unit tests with rows from YAML, CSV, SQL and files, one for each version', () => {
    const revenue = manifest.nodes['unit_test.dbt_shop.revenue.revenue_sums_orders'] as UnitTestNode
    expect(revenue.given.map(({ nodeId, rows }) => [nodeId, rows])).toEqual([
      [
        'model.dbt_shop.orders.v2',
        {
          kind: 'rows',
          format: 'dict',
          rows: [
            { order_id: 1, amount: 10, ordered_on: '2024-01-01' },
            { order_id: 2, amount: -3, ordered_on: '2024-01-01' },
          ],
        },
      ],
      [
        'model.dbt_shop.orders.v1',
        {
          kind: 'rows',
          format: 'csv',
          rows: [
            { order_id: '1', amount: '10' },
            { order_id: '2', amount: null },
          ],
        },
      ],
      [
        'model.dbt_shop.stg_customers',
        {
          kind: 'rows',
          format: 'csv',
          fixture: 'two_customers',
          rows: [
            { customer_id: '1', name: 'Ann' },
            { customer_id: '2', name: 'Bo' },
          ],
        },
      ],
    ])
    expect(revenue.overrides).toEqual({
      macros: { is_incremental: false },
      vars: { currency: 'USD' },
      envVars: {},
    })
    const versions = Object.values(manifest.nodes).filter(({ name }) => name === 'orders_keep_their_keys')
    const ids = versions.map((node) => [node.id, (node as UnitTestNode).version] as const)
    expect(ids.sort(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['unit_test.dbt_shop.orders.orders_keep_their_keys_v1', 1],
      ['unit_test.dbt_shop.orders.orders_keep_their_keys_v2', 2],
    ])
  })

  it('reads the selections of selectors.yml', () => {
    expect(manifest.selectors['marts_only']).toMatchObject({
      description: 'The marts with their tests.',
      isDefault: false,
    })
  })
})
