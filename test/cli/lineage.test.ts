import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

const smallShop = join(import.meta.dirname, '..', 'projects', 'small-shop')

async function lineage(...args: string[]) {
  const surroundings = fakeSurroundings({ workingDirectory: smallShop })
  const code = await runCommandLine(['lineage', ...args], surroundings)
  return { code, ...surroundings.written }
}

describe('estimand lineage column', () => {
  it('prints what a column is made from as a tree', async () => {
    expect(await lineage('column', 'customers.revenue')).toMatchObject({
      code: 0,
      out: [
        'customers.revenue  models/customers.sql',
        '└─ stg_orders.amount  aggregation, model',
        '   └─ raw_orders.amount  copy, seed',
        'rows grouped by stg_orders.customer_id',
        '',
      ].join('\n'),
    })
  })

  it('prints what is made from it, with influences where asked', async () => {
    const { out } = await lineage('column', 'raw_orders.customer_id', '--downstream', '--influences')
    expect(out).toBe(
      [
        'raw_orders.customer_id  seeds/raw_orders.csv',
        '└─ stg_orders.customer_id  copy, model',
        '   ├─ customers.customer_id  copy, model',
        '   │  ├─ unique_customers_customer_id.unique_field  copy, test',
        '   │  ├─ unique_customers_customer_id.*  filter, test',
        '   │  └─ unique_customers_customer_id.*  group, test',
        '   └─ customers.*  group, model',
        '',
      ].join('\n'),
    )
  })

  it('prints both as JSON', async () => {
    const { out } = await lineage(
      'column',
      'stg_orders.amount',
      '--upstream',
      '--downstream',
      '--output',
      'json',
    )
    expect(JSON.parse(out)).toMatchObject({
      relation: 'model.small_shop.stg_orders',
      column: 'amount',
      upstream: [{ relation: 'seed.small_shop.raw_orders', column: 'amount', via: 'copy' }],
      downstream: [{ relation: 'model.small_shop.customers', column: 'revenue', via: 'aggregation' }],
    })
  })

  it('suggests the column or node that was meant', async () => {
    const column = await lineage('column', 'customers.revenu')
    expect(column.code).toBe(2)
    expect(column.err).toContain(
      "customers has no column 'revenu'   [column-unknown]\n  did you mean 'revenue'?",
    )
    const node = await lineage('column', 'custmers.revenue')
    expect(node.err).toContain(
      "there is no node 'custmers' with columns   [selection-empty]\n  did you mean 'customers'?",
    )
    expect((await lineage('column', 'revenue')).err).toContain('write it as node.column')
  })
})

describe('estimand lineage node', () => {
  it('prints every column', async () => {
    const { out } = await lineage('node', 'customers')
    expect(out).toBe(
      [
        'customers  models/customers.sql',
        'customer_id  copy of stg_orders.customer_id',
        'orders',
        'revenue      aggregation of stg_orders.amount',
        'rows grouped by stg_orders.customer_id',
        '',
      ].join('\n'),
    )
  })

  it('prints its lineage as JSON', async () => {
    const { out } = await lineage('node', 'stg_orders', '--output', 'json')
    expect(JSON.parse(out)).toMatchObject({
      nodeId: 'model.small_shop.stg_orders',
      isComplete: true,
      influences: [{ relation: 'seed.small_shop.raw_orders', column: 'amount', role: 'filter' }],
    })
  })
})
