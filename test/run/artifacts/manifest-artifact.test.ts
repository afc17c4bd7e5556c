import { describe, expect, it } from 'vitest'
import type { Node } from '../../../src/core/node.ts'
import { manifestArtifact } from '../../../src/run/artifacts/manifest-artifact.ts'
import { manifestFaults } from './dbt-format.ts'
import { board, job, load, manifestOf, options, orders, shop, stgVisits } from './sample-shop.ts'

const artifact = manifestArtifact(shop, {
  ...options,
  compiledCode: new Map([[orders.id, 'select * from "raw"."orders"']]),
})
const { nodes, sources } = artifact

describe('manifestArtifact', () => {
  it('has the form of dbt manifest v12 for every kind of node', () => {
    expect(manifestFaults(artifact)).toEqual([])
    expect(Object.keys({ ...nodes, ...sources, ...artifact.exposures }).sort()).toEqual([
      'exposure.shop.board',
      'model.shop.checkout_test',
      'model.shop.load__shop',
      'model.shop.orders',
      'model.shop.stg_visits',
      'seed.shop.countries',
      'source.shop.raw.orders',
      'source.shop.raw.visits',
      'test.shop.not_null_checkout_test_estimand.0123456789',
      'test.shop.revenue_agrees',
      'test.shop.source_not_null_raw_visits_id.0123456789',
      'test.shop.unique_orders_order_id.0123456789',
    ])
  })

  it('is checked by something that sees what is missing, unknown or of another kind', () => {
    const { alias: _, ...broken } = nodes['model.shop.orders']!
    const faulty = { ...artifact, nodes: { 'job.shop.orders': { ...broken, colour: 'red' } } }
    expect(manifestFaults(faulty)).toEqual(
      expect.arrayContaining([
        'job.shop.orders lacks alias',
        'job.shop.orders has colour',
        'job.shop.orders calls itself model.shop.orders',
        'job.shop.orders does not begin like a model',
      ]),
    )
  })

  it('says which dbt it looks like, and which version of ours wrote it', () => {
    expect(artifact.metadata).toMatchObject({
      dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v12.json',
      dbt_version: expect.stringMatching(/^1\.\d+\.\d+$/),
      generated_at: '2024-03-02T04:00:00.000Z',
      invocation_id: options.invocationId,
      invocation_started_at: '2024-03-02T03:58:58.000Z',
      run_started_at: '2024-03-02T03:58:58.000Z',
      project_name: 'shop',
      adapter_type: 'postgres',
      env: { ESTIMAND_VERSION: '0.1.0', stage: 'ci' },
    })
  })

  it('writes what is known of columns into meta, beside what others have noted, and not into the config', () => {
    const lineage = {
      isComplete: true,
      columns: [
        {
          name: 'day',
          inputs: [{ relation: load.id, column: 'at', kind: 'transformation' as const }],
          influences: [],
          isUnknown: false,
        },
      ],
      influences: [],
    }
    const known = manifestArtifact(shop, {
      ...options,
      lineage: new Map([
        [orders.id, lineage],
        [job.id, lineage],
      ]),
    })
    expect(manifestFaults(known)).toEqual([])
    const inputs = [{ node: 'model.shop.load__shop', column: 'at', kind: 'transformation' }]
    const expected = { is_complete: true, columns: { day: { inputs } }, influences: [] }
    expect(known.nodes['model.shop.orders']!['meta']).toEqual({
      ...(nodes['model.shop.orders']!['meta'] as object),
      estimand: { column_lineage: expected },
    })
    expect(known.nodes['model.shop.orders']!['config']).toEqual(nodes['model.shop.orders']!['config'])
    expect(known.nodes['model.shop.checkout_test']!['meta']).toMatchObject({
      estimand: { kind: 'job', column_lineage: expected },
    })
  })

  it('writes a model with its references, relation, paths and configuration', () => {
    expect(nodes['model.shop.orders']).toMatchObject({
      alias: 'fct_orders',
      schema: 'analytics_marts',
      database: 'warehouse',
      relation_name: '"warehouse"."analytics_marts"."fct_orders"',
      path: 'marts/orders.sql',
      original_file_path: 'models/marts/orders.sql',
      raw_code: orders.rawCode,
      refs: [
        { name: 'stg_visits', package: null, version: null },
        { name: 'countries', package: null, version: null },
      ],
      sources: [['raw', 'orders']],
      depends_on: {
        macros: [],
        nodes: ['source.shop.raw.orders', 'model.shop.stg_visits', 'seed.shop.countries'],
      },
      compiled: true,
      compiled_code: 'select * from "raw"."orders"',
      compiled_path: 'target/compiled/shop/models/marts/orders.sql',
      patch_path: 'shop://models/marts/marts.yml',
      group: 'finance',
      access: 'public',
      contract: { enforced: true },
      constraints: [{ type: 'primary_key', columns: ['order_id', 'day'] }],
      version: 2,
      latest_version: 3,
      docs: { show: true, node_color: 'teal' },
      columns: {
        order_id: {
          data_type: 'bigint',
          description: 'The key',
          tags: ['key'],
          quote: true,
          constraints: [{ type: 'not_null' }],
        },
      },
      config: {
        materialized: 'incremental',
        incremental_strategy: 'merge',
        unique_key: ['order_id', 'day'],
        on_schema_change: 'append_new_columns',
        full_refresh: false,
        access: 'public',
        contract: { enforced: true },
        'pre-hook': [{ sql: "set work_mem = '1GB'", transaction: true, index: null }],
        'post-hook': [],
        grants: { select: ['reporter'] },
        partition_of_ours: { by: 'day' },
        tags: ['nightly'],
      },
    })
  })

  it('leaves out values that dbt could not read, and keeps large numbers as text', () => {
    const { config, meta } = nodes['model.shop.orders'] as { config: object; meta: object }
    expect(config).toMatchObject({ freshness: null, on_configuration_change: 'apply' })
    expect(config).not.toHaveProperty('pre_hook')
    expect(meta).toEqual({ owner: 'ada', rows: '12345678901234567890' })
  })

  it('never writes an id without an entry', () => {
    const { rawCode, checksum } = orders
    const analysis: Node = {
      ...board,
      id: 'analysis.shop.adhoc',
      name: 'adhoc',
      resourceType: 'analysis',
      rawCode,
      checksum,
    }
    const { nodes } = manifestArtifact(manifestOf([orders, analysis]), options)
    expect(Object.values(nodes)).not.toContain(null)
  })

  it('calls a materialization that the project defines by the name in its config', () => {
    const own: Node = { ...orders, materialized: 'custom', config: { materialized: 'partitioned' } }
    expect(manifestArtifact(manifestOf([own]), options).nodes[own.id]).toMatchObject({
      config: { materialized: 'partitioned' },
    })
  })

  it('gives an ephemeral model no relation', () => {
    expect(nodes[stgVisits.id]).toMatchObject({ relation_name: null, config: { materialized: 'ephemeral' } })
    expect(nodes[stgVisits.id]).not.toHaveProperty('compiled_code')
  })

  it('writes a job as a table that carries its question', () => {
    expect(nodes['model.shop.checkout_test']).toMatchObject({
      resource_type: 'model',
      name: 'checkout_test',
      description: 'Does the short checkout sell more?',
      relation_name: '"warehouse"."analytics"."checkout_test"',
      depends_on: { nodes: ['model.shop.orders'] },
      config: { materialized: 'table', meta: { estimand: { kind: 'job' } } },
      meta: { estimand: { kind: 'job', job_kind: 'experiment', spec: { control: 'long' } } },
    })
  })

  it('writes a load as a model without a relation in front of the sources that it fills', () => {
    expect(nodes['model.shop.load__shop']).toMatchObject({
      name: 'load__shop',
      fqn: ['shop', 'load__shop'],
      relation_name: null,
      config: { materialized: 'ephemeral' },
      meta: { estimand: { kind: 'load', spec: { module: 'pipelines/shop.ts' } } },
    })
    expect(artifact.child_map['model.shop.load__shop']).toEqual(['source.shop.raw.orders'])
    expect(artifact.parent_map['source.shop.raw.orders']).toEqual(['model.shop.load__shop'])
    expect(sources['source.shop.raw.orders']).toMatchObject({
      loader: 'estimand load shop',
      meta: { estimand: { load: 'model.shop.load__shop' } },
    })
    expect(sources['source.shop.raw.visits']).toMatchObject({
      loader: 'airbyte',
      identifier: 'page_visits',
      loaded_at_field: 'visited_at',
      freshness: {
        warn_after: { count: 12, period: 'hour' },
        error_after: { count: null, period: null },
        filter: null,
      },
      meta: { owner: 'web' },
    })
  })

  it('hides no model behind a load of the same name', () => {
    const namesake: Node = { ...orders, id: 'model.shop.load__shop', name: 'load__shop' }
    const both = manifestArtifact(manifestOf([load, namesake]), options)
    expect(Object.keys(both.nodes).sort()).toEqual(['model.shop.load__shop', 'model.shop.load__shop_'])
    expect(both.nodes['model.shop.load__shop']).toMatchObject({ alias: 'fct_orders' })
    expect(both.nodes['model.shop.load__shop_']).toMatchObject({ name: 'load__shop_' })
  })

  it('writes seeds and tests with what dbt says of them', () => {
    expect(nodes['seed.shop.countries']).toMatchObject({
      path: 'geo/countries.csv',
      config: { materialized: 'seed', delimiter: ';', column_types: { code: 'char(2)' } },
    })
    expect(nodes['test.shop.unique_orders_order_id.0123456789']).toMatchObject({
      path: 'unique_orders_order_id.sql',
      attached_node: 'model.shop.orders',
      column_name: 'order_id',
      file_key_name: 'models.orders',
      test_metadata: {
        name: 'unique',
        namespace: null,
        kwargs: { column_name: 'order_id', model: "{{ get_where_subquery(ref('orders')) }}" },
      },
      depends_on: { macros: ['macro.shop.test_unique'], nodes: ['model.shop.orders'] },
      schema: 'dbt_test__audit',
      config: {
        store_failures: true,
        store_failures_as: 'view',
        severity: 'WARN',
        warn_if: '> 10',
        limit: 100,
        where: "day > '2024-01-01'",
      },
    })
    expect(nodes['test.shop.source_not_null_raw_visits_id.0123456789']).toMatchObject({
      attached_node: null,
      file_key_name: 'sources.raw',
      test_metadata: { name: 'not_null', namespace: 'extras' },
      sources: [['raw', 'visits']],
    })
    expect(nodes['test.shop.not_null_checkout_test_estimand.0123456789']).toMatchObject({
      attached_node: 'model.shop.checkout_test',
    })
    expect(nodes['test.shop.revenue_agrees']).not.toHaveProperty('test_metadata')
  })

  it('names parents and children of every node by their ids here', () => {
    const ids = Object.keys({ ...nodes, ...sources, ...artifact.exposures }).sort()
    expect(Object.keys(artifact.parent_map).sort()).toEqual(ids)
    expect(Object.keys(artifact.child_map).sort()).toEqual(ids)
    expect(artifact.parent_map[board.id]).toEqual(['model.shop.checkout_test', 'model.shop.orders'])
    expect(artifact.exposures[board.id]).toMatchObject({
      refs: [
        { name: 'checkout_test', version: null },
        { name: 'orders', version: null },
      ],
      label: 'The board',
      maturity: 'high',
      depends_on: { nodes: ['model.shop.checkout_test', 'model.shop.orders'] },
    })
    const named = [artifact.parent_map, artifact.child_map].flatMap((map) => Object.values(map).flat())
    expect(named.filter((id) => !ids.includes(id))).toEqual([])
    expect(named).not.toContain(job.id)
  })
})
