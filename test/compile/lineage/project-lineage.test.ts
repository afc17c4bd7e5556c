import { describe, expect, it } from 'vitest'
import { compile } from '../../../src/compile/compile.ts'
import { lineageMeta } from '../../../src/compile/lineage/lineage-meta.ts'
import { columnLineage } from '../../../src/compile/lineage/node-lineage.ts'
import { seedHeaders } from '../../../src/compile/lineage/seed-header.ts'
import { type LineageStep, walkLineage } from '../../../src/compile/lineage/walk-lineage.ts'
import { publishedSql } from '../../../src/compile/published-sql.ts'
import type { Target } from '../../../src/core/manifest.ts'
import { formatProblem, ProblemError } from '../../../src/core/problem.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { type Files, withProject } from '../../project/temp-project.ts'

const target: Target = {
  name: 'dev',
  type: 'postgres',
  engine: 'embedded',
  schema: 'shop',
  database: 'db',
  host: 'localhost',
  port: 5432,
  user: 'me',
  threads: 1,
}

function compiled(files: Files) {
  return withProject(files, async (root) => {
    const project = await readProject(root)
    const { manifest, renderer } = await compile(project, {
      target,
      vars: {},
      env: {},
      clock: () => new Date(0),
    })
    const texts = await publishedSql(manifest, renderer)
    const lineage = columnLineage(manifest, {
      sqlOf: (id) => texts.get(id)?.text ?? null,
      seedColumns: seedHeaders(manifest, project.seeds),
    })
    return { manifest, lineage, texts }
  })
}

const shop: Files = {
  'seeds/raw_orders.csv': '\ufefforder_id,customer_id,"amount"\n1,1,10\n',
  'models/stg_orders.sql': "select * from {{ ref('raw_orders') }} where amount > 0",
  'models/hidden.sql':
    "{{ config(materialized='ephemeral') }} select order_id, customer_id as buyer, amount from {{ ref('stg_orders') }}",
  'models/customers.sql': "select buyer, sum(amount) as revenue from {{ ref('hidden') }} group by buyer",
  'models/shop.yml': `
sources:
  - name: crm
    tables:
      - name: people
        columns: [{ name: ID }, { name: email, description: Where to write. }]
models:
  - name: stg_orders
    columns: [{ name: order_id, description: Key. }, { name: amount, description: In cents. }]
`,
  'models/people.sql': "select * from {{ source('crm', 'people') }}",
}

/** A walk as nested names. */
function outline({ relation, column, via, next }: LineageStep): unknown {
  const name = `${via ? `${via} ` : ''}${relation.split('.').at(-1)}.${column}`
  return next.length === 0 ? name : [name, ...next.map(outline)]
}

describe('lineage of a project', () => {
  it('expands stars along the graph and stops at each node, ephemeral ones too', async () => {
    const { lineage } = await compiled(shop)
    const columns = (id: string) => lineage.nodes[id]!.columns.map(({ name }) => name)
    expect(columns('seed.demo.raw_orders')).toEqual(['order_id', 'customer_id', 'amount'])
    expect(columns('model.demo.stg_orders')).toEqual(['order_id', 'customer_id', 'amount'])
    expect(lineage.nodes['model.demo.customers']!.columns).toEqual([
      {
        name: 'buyer',
        inputs: [{ relation: 'model.demo.hidden', column: 'buyer', kind: 'copy' }],
        influences: [],
        isUnknown: false,
      },
      {
        name: 'revenue',
        inputs: [{ relation: 'model.demo.hidden', column: 'amount', kind: 'aggregation' }],
        influences: [],
        isUnknown: false,
      },
    ])
  })

  it('takes declared columns of a source for a part of it', async () => {
    const { lineage } = await compiled(shop)
    const people = lineage.nodes['model.demo.people']!
    expect(people.columns.map(({ name }) => name)).toEqual(['id', 'email'])
    expect(people.isComplete).toBe(false)
  })

  it('takes the columns of a load for all of its source', async () => {
    const { lineage } = await compiled({
      ...shop,
      'pipelines/crm.yml': `
loads:
  - name: crm
    kind: csv
    file: people.csv
    tables:
      - schema: crm
        name: people
        columns: [{ name: id, type: bigint }, { name: email, type: text }, { name: phone, type: text }]
`,
    })
    expect(lineage.nodes['model.demo.people']).toMatchObject({
      isComplete: true,
      columns: [{ name: 'id' }, { name: 'email' }, { name: 'phone' }],
    })
  })

  it('is walked up and down', async () => {
    const { lineage } = await compiled(shop)
    const up = walkLineage(
      lineage,
      { relation: 'model.demo.customers', column: 'revenue' },
      { direction: 'upstream', influences: false },
    )
    expect(outline(up)).toEqual([
      'customers.revenue',
      ['aggregation hidden.amount', ['copy stg_orders.amount', 'copy raw_orders.amount']],
    ])
    const down = walkLineage(
      lineage,
      { relation: 'seed.demo.raw_orders', column: 'customer_id' },
      { direction: 'downstream', influences: true },
    )
    expect(outline(down)).toEqual([
      'raw_orders.customer_id',
      ['copy stg_orders.customer_id', ['copy hidden.buyer', 'copy customers.buyer', 'group customers.*']],
    ])
  })

  it('goes into meta as plain data', async () => {
    const { lineage } = await compiled(shop)
    const meta = lineageMeta(lineage.nodes['model.demo.customers']!)
    expect(JSON.parse(JSON.stringify(meta))).toEqual({
      is_complete: true,
      columns: {
        buyer: { inputs: [{ node: 'model.demo.hidden', column: 'buyer', kind: 'copy' }] },
        revenue: { inputs: [{ node: 'model.demo.hidden', column: 'amount', kind: 'aggregation' }] },
      },
      influences: [{ node: 'model.demo.hidden', column: 'buyer', role: 'group' }],
    })
  })
})

describe('columns in YAML that a model does not have', () => {
  const described = (config: string): Files => ({
    'models/a.sql': 'select 1 as order_id, 2 as amount',
    'models/a.yml': `models:\n  - name: a\n    config: {${config}}\n    columns:\n      - name: amount\n      - name: ordr_id\n`,
  })

  it('are warned of with their line and a suggestion', async () => {
    const { manifest } = await compiled(described(''))
    expect(manifest.warnings.map(formatProblem)).toEqual([
      [
        "models/a.yml:6:15  model a has no column 'ordr_id'   [column-unknown]",
        '  6 |       - name: ordr_id',
        '                    ^',
        "  did you mean 'order_id'?",
      ].join('\n'),
    ])
  })

  it('are an error or nothing where the model says so', async () => {
    await expect(compiled(described('unknown_columns: error'))).rejects.toThrow(ProblemError)
    const { manifest } = await compiled(described('unknown_columns: ignore'))
    expect(manifest.warnings).toEqual([])
  })

  it('are let be where not all columns are known, and whatever their case', async () => {
    const { manifest } = await compiled({
      ...shop,
      'models/more.yml':
        'models:\n  - name: people\n    columns: [{ name: phone }]\n  - name: customers\n    columns: [{ name: Revenue }]\n',
    })
    expect(manifest.warnings).toEqual([])
  })
})

describe('inherit_descriptions', () => {
  it('fills in descriptions of copied columns, the nearest first', async () => {
    const { manifest } = await compiled({
      ...shop,
      'models/wide.sql':
        "select h.order_id, h.amount, h.amount * 2 as twice, h.buyer, p.email, 1 as n from {{ ref('hidden') }} h, {{ source('crm', 'people') }} p",
      'models/wide.yml':
        'models:\n  - name: wide\n    config: { inherit_descriptions: true }\n    columns: [{ name: amount }, { name: order_id, description: Own words. }]\n',
    })
    const columns = manifest.nodes['model.demo.wide']!.columns
    expect(Object.fromEntries(columns.map(({ name, description }) => [name, description]))).toEqual({
      amount: 'In cents.',
      order_id: 'Own words.',
      email: 'Where to write.',
    })
  })

  it('does nothing unasked', async () => {
    const { manifest } = await compiled(shop)
    expect(manifest.nodes['model.demo.hidden']!.columns).toEqual([])
  })
})

describe('inherit_tests', () => {
  const tested: Files = {
    ...shop,
    'models/tests.yml': `
models:
  - name: hidden
    columns: [{ name: buyer, data_tests: [unique] }]
seeds:
  - name: raw_orders
    columns:
      - name: order_id
        data_tests: [not_null, unique]
      - name: customer_id
        data_tests: [{ relationships: { arguments: { to: "source('crm', 'people')", field: id } } }]
`,
  }

  it('puts the named tests of copied columns on the copy, which can be rendered', async () => {
    const sql =
      "{{ config(inherit_tests=['not_null', 'relationships']) }} select order_id, buyer, amount * 2 as twice from {{ ref('hidden') }}"
    const { manifest, texts } = await compiled({ ...tested, 'models/wide.sql': sql })
    const inherited = Object.values(manifest.nodes).filter(
      (node) => node.resourceType === 'test' && node.attachedTo === 'model.demo.wide',
    )
    expect(inherited.map(({ name, dependsOn }) => ({ name, dependsOn }))).toEqual([
      { name: 'not_null_wide_order_id', dependsOn: ['model.demo.wide'] },
      {
        name: 'relationships_wide_buyer__id__source_crm_people_',
        dependsOn: ['model.demo.wide', 'source.demo.crm.people'],
      },
    ])
    expect(texts.get(inherited[0]!.id)!.text).toContain('from "db"."shop"."wide"')
    expect(texts.get(inherited[0]!.id)!.text).toContain('where order_id is null')
  })

  it('leaves alone what the model tests itself, and everything where nothing is asked', async () => {
    const names = async (files: Files) => {
      const { manifest } = await compiled(files)
      return Object.values(manifest.nodes).flatMap((node) =>
        node.resourceType === 'test' ? [node.name] : [],
      )
    }
    const own = await names({
      ...tested,
      'models/wide.sql':
        "{{ config(inherit_tests='not_null') }} select order_id from {{ ref('stg_orders') }}",
      'models/wide.yml': 'models: [{ name: wide, columns: [{ name: order_id, data_tests: [not_null] }] }]',
    })
    expect(own.filter((name) => name.includes('wide'))).toEqual(['not_null_wide_order_id'])
    const unasked = await names({
      ...tested,
      'models/wide.sql': "select order_id from {{ ref('stg_orders') }}",
    })
    expect(unasked.filter((name) => name.includes('wide'))).toEqual([])
  })
})
