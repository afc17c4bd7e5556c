import { describe, expect, it } from 'vitest'
import { select } from '../../../src/core/selection/select.ts'
import { manifestArtifact } from '../../../src/run/artifacts/index.ts'
import { compiled, failureOf, target } from '../../compile/context/parse-project.ts'

const yaml = `
models:
  - name: orders
    description: Orders.
    semantic_model: { name: order_facts, config: { meta: { tier: gold } } }
    agg_time_dimension: ordered_at
    primary_entity: sale
    columns:
      - { name: customer_id, description: Who., entity: { name: customer, type: Foreign } }
      - { name: ordered_at, granularity: day, dimension: time }
      - { name: status, meta: { pii: false }, dimension: { type: categorical, name: state, config: { meta: { a: 1 } } } }
    derived_semantics:
      dimensions:
        - { name: valid_to, type: time, expr: ordered_at + 1, granularity: day, validity_params: { is_end: true } }
      entities: [{ name: pair, type: foreign, expr: "customer_id || status" }]
    metrics:
      - { name: order_count, agg: count, expr: 1 }
      - name: revenue
        type: simple
        agg: sum
        expr: "{{ var('money') }}"
        filter: "{{ Dimension('sale__state') }} = 'paid'"
        hidden: true
        config: { tags: [x] }
        non_additive_dimension: { name: ordered_at, window_agg: max, group_by: [customer] }
      - { name: p95, type: simple, agg: percentile, expr: amount, percentile: 0.95, percentile_type: discrete }
  - name: customers
    semantic_model: true
    columns: [{ name: customer_id, entity: primary }]
  - name: unused
    semantic_model: false
    metrics: [{ name: none, type: simple, agg: count, expr: id }]
metrics:
  - { name: aov, type: ratio, numerator: revenue, denominator: { name: order_count, filter: [a = 1, b = 2], alias: n } }
  - { name: growth, type: derived, expr: revenue - before, input_metrics: [revenue, { name: revenue, offset_window: 2 Weeks, alias: before }] }
  - { name: running, type: cumulative, input_metric: revenue, window: 28 days, period_agg: last }
  - name: bought
    type: conversion
    entity: customer
    base_metric: order_count
    conversion_metric: revenue
    window: 7 days
`

const files = {
  'project.yml': 'name: demo\nvars: { money: amount }\n',
  'models/orders.sql': `select 1 as customer_id, date '2026-01-01' as ordered_at, 'a' as status, 1 as amount`,
  'models/customers.sql': 'select 1 as customer_id',
  'models/unused.sql': 'select 1 as id',
  'models/y.yml': yaml,
}

async function manifestOf(given: Readonly<Record<string, string>>) {
  const { manifest } = await compiled(given)
  const artifact = manifestArtifact(manifest, {
    invocationId: 'i',
    startedAt: new Date(0),
    generatedAt: new Date(0),
    version: '0',
    target,
  })
  return { manifest, artifact }
}

/** A metric by name, with what most have in common left out. */
const input = { filter: null, alias: null, offset_window: null, offset_to_grain: null }
const noParams = {
  measure: null,
  input_measures: [],
  numerator: null,
  denominator: null,
  expr: null,
  window: null,
  grain_to_date: null,
  metrics: [],
  conversion_type_params: null,
  cumulative_type_params: null,
  metric_aggregation_params: null,
  fill_nulls_with: null,
  join_to_timespine: false,
  is_private: false,
}

describe('a model that is a semantic model', () => {
  it('is one in the manifest, as dbt writes it', async () => {
    const { artifact } = await manifestOf(files)
    expect(Object.keys(artifact.semantic_models)).toEqual([
      'semantic_model.demo.order_facts',
      'semantic_model.demo.customers',
    ])
    const gold = { meta: { tier: 'gold' } }
    expect(artifact.semantic_models['semantic_model.demo.order_facts']).toMatchObject({
      model: "ref('orders')",
      description: 'Orders.',
      fqn: ['demo', 'order_facts'],
      defaults: { agg_time_dimension: 'ordered_at' },
      primary_entity: 'sale',
      config: { enabled: true, group: null, meta: { tier: 'gold' } },
      depends_on: { nodes: ['model.demo.orders'] },
      refs: [{ name: 'orders' }],
      measures: [],
      entities: [
        { name: 'customer', type: 'foreign', description: 'Who.', expr: 'customer_id', config: gold },
        { name: 'pair', type: 'foreign', description: null, expr: 'customer_id || status', config: gold },
      ],
      dimensions: [
        { name: 'ordered_at', type: 'time', description: '', expr: null, type_params: null },
        { name: 'state', expr: 'status', config: { meta: { tier: 'gold', pii: false, a: 1 } } },
        {
          name: 'valid_to',
          expr: 'ordered_at + 1',
          type_params: { time_granularity: 'day', validity_params: { is_start: false, is_end: true } },
        },
      ],
    })
    const { columns } = artifact.nodes['model.demo.orders'] as { columns: Record<string, unknown> }
    expect(columns).toMatchObject({
      customer_id: { entity: { name: 'customer', description: 'Who.', label: null }, dimension: null },
      ordered_at: { dimension: 'time', entity: null },
      status: { dimension: { name: 'state', is_partition: false, validity_params: null } },
    })
  })

  it('has metrics that measure it', async () => {
    const { artifact } = await manifestOf(files)
    const aggregation = {
      semantic_model: 'order_facts',
      agg_params: { percentile: null, use_discrete_percentile: false, use_approximate_percentile: false },
      agg_time_dimension: 'ordered_at',
      non_additive_dimension: null,
    }
    const { metrics } = artifact
    expect(metrics['metric.demo.none']).toBeUndefined()
    expect(metrics['metric.demo.order_count']).toMatchObject({
      label: 'order_count',
      type_params: { ...noParams, expr: '1', metric_aggregation_params: { ...aggregation, agg: 'count' } },
      depends_on: { nodes: ['semantic_model.demo.order_facts'] },
    })
    expect(metrics['metric.demo.revenue']).toMatchObject({
      filter: { where_filters: [{ where_sql_template: "{{ Dimension('sale__state') }} = 'paid'" }] },
      tags: [],
      config: { tags: ['x'] },
      type_params: {
        expr: 'amount',
        is_private: true,
        metric_aggregation_params: {
          non_additive_dimension: {
            name: 'ordered_at',
            window_choice: 'max',
            window_groupings: ['customer'],
          },
        },
      },
    })
    expect(metrics['metric.demo.p95']).toMatchObject({
      type_params: {
        metric_aggregation_params: { agg_params: { percentile: 0.95, use_discrete_percentile: true } },
      },
    })
  })

  it('and metrics made of others', async () => {
    const { artifact } = await manifestOf(files)
    const params = (name: string) => artifact.metrics[`metric.demo.${name}`]!['type_params']
    expect(params('aov')).toEqual({
      ...noParams,
      numerator: { ...input, name: 'revenue' },
      denominator: {
        ...input,
        name: 'order_count',
        alias: 'n',
        filter: { where_filters: [{ where_sql_template: 'a = 1' }, { where_sql_template: 'b = 2' }] },
      },
    })
    expect(params('growth')).toEqual({
      ...noParams,
      expr: 'revenue - before',
      metrics: [
        { ...input, name: 'revenue' },
        { ...input, name: 'revenue', alias: 'before', offset_window: { count: 2, granularity: 'week' } },
      ],
    })
    const month = { count: 28, granularity: 'day' }
    expect(params('running')).toEqual({
      ...noParams,
      window: month,
      cumulative_type_params: {
        window: month,
        grain_to_date: null,
        period_agg: 'last',
        metric: { ...input, name: 'revenue' },
      },
    })
    const week = { count: 7, granularity: 'day' }
    expect(params('bought')).toEqual({
      ...noParams,
      window: week,
      conversion_type_params: {
        entity: 'customer',
        base_measure: null,
        conversion_measure: null,
        base_metric: { ...input, name: 'order_count' },
        conversion_metric: { ...input, name: 'revenue' },
        calculation: 'conversion_rate',
        window: week,
        constant_properties: null,
      },
    })
    expect(artifact.metrics['metric.demo.bought']!['depends_on']).toEqual({
      macros: [],
      nodes: ['metric.demo.order_count', 'metric.demo.revenue'],
    })
  })

  it('is selected with what measures it', async () => {
    const { manifest } = await manifestOf(files)
    const chosen = (expression: string) => select(manifest, { select: [expression] }).nodeIds
    expect(chosen('semantic_model:customers')).toEqual(['semantic_model.demo.customers'])
    expect(chosen('+metric:aov')).toEqual([
      'model.demo.orders',
      'semantic_model.demo.order_facts',
      'metric.demo.order_count',
      'metric.demo.revenue',
      'metric.demo.aov',
    ])
  })
})

describe('a metric', () => {
  it.each([
    ['revenu', "metric 'm' counts on the metric 'revenu', which is not there"],
    ['gone', "metric 'm' counts on the metric 'gone', which is switched off"],
  ])('that counts on %s is a mistake', async (name, message) => {
    const more = `
  - { name: gone, type: derived, expr: revenue, input_metrics: [revenue], config: { enabled: false } }
  - { name: m, type: derived, expr: x, input_metrics: [${name}] }
`
    const work = manifestOf({ ...files, 'models/y.yml': yaml.trimEnd() + more })
    expect(await failureOf(work)).toContain(message)
  })
})

describe('a saved query', () => {
  it('exports under its own name where it says no alias', async () => {
    const more = `
saved_queries:
  - name: daily
    query_params: { metrics: [revenue] }
    exports: [{ name: daily_table, config: { export_as: table } }, { name: other, config: { alias: named } }]
`
    const { artifact } = await manifestOf({ ...files, 'models/y.yml': yaml.trimEnd() + more })
    expect(artifact.saved_queries['saved_query.demo.daily']).toMatchObject({
      depends_on: { nodes: ['metric.demo.revenue'] },
      exports: [
        { name: 'daily_table', config: { alias: 'daily_table' } },
        { name: 'other', config: { alias: 'named' } },
      ],
    })
  })
})

describe('a metric of measures', () => {
  it('that is made of others counts on the measures of all of them', async () => {
    const { artifact } = await manifestOf({
      ...files,
      'models/y.yml': `
semantic_models:
  - name: s
    model: ref('orders')
    config: { meta: { owner: ann } }
    entities: [{ name: id, type: primary, expr: customer_id }]
    measures: [{ name: n, agg: count, create_metric: true }, { name: amount, agg: sum }]
metrics:
  - { name: total, label: T, type: simple, type_params: { measure: { name: amount, filter: x = 1 } } }
  - { name: share, label: S, type: ratio, type_params: { numerator: n, denominator: total } }
  - { name: mtd, label: M, type: cumulative, type_params: { measure: amount, window: 1 Month } }`,
    })
    const measure = { filter: null, alias: null, join_to_timespine: false, fill_nulls_with: null }
    const amount = {
      ...measure,
      name: 'amount',
      filter: { where_filters: [{ where_sql_template: 'x = 1' }] },
    }
    expect(artifact.metrics['metric.demo.n']).toMatchObject({
      type_params: { expr: 'n', input_measures: [{ ...measure, name: 'n' }] },
      config: { meta: { owner: 'ann' } },
    })
    expect(artifact.metrics['metric.demo.share']).toMatchObject({
      type_params: { input_measures: [{ ...measure, name: 'n' }, amount] },
    })
    expect(artifact.metrics['metric.demo.mtd']).toMatchObject({
      type_params: {
        cumulative_type_params: { window: { count: 1, granularity: 'month' }, period_agg: 'first' },
      },
    })
  })
})
