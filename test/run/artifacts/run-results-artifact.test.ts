import { describe, expect, it } from 'vitest'
import { runResultsArtifact } from '../../../src/run/artifacts/run-results-artifact.ts'
import { runResultsFaults } from './dbt-format.ts'
import { options, orders, run, shop } from './sample-shop.ts'

const artifact = runResultsArtifact(run, shop, options)
const byId = Object.fromEntries(artifact.results.map((result) => [String(result.unique_id), result]))

describe('runResultsArtifact', () => {
  it('has the form of dbt run-results v6 for every status', () => {
    expect(runResultsFaults(artifact)).toEqual([])
    expect(artifact.results.map(({ unique_id: id, status }) => [id, status])).toEqual([
      ['model.shop.load__shop', 'success'],
      ['seed.shop.countries', 'success'],
      ['model.shop.orders', 'success'],
      ['test.shop.unique_orders_order_id.0123456789', 'warn'],
      ['test.shop.source_not_null_raw_visits_id.0123456789', 'pass'],
      ['test.shop.revenue_agrees', 'fail'],
      ['model.shop.checkout_test', 'error'],
      ['test.shop.not_null_checkout_test_estimand.0123456789', 'skipped'],
    ])
    expect(artifact).toMatchObject({ elapsed_time: 4.25, args: { which: 'build' } })
  })

  it('is checked by something that sees unknown statuses and keys', () => {
    const [first] = artifact.results
    const faulty = { ...artifact, results: [{ ...first, status: 'reused', colour: 'red' }] }
    expect(runResultsFaults(faulty)).toEqual(
      expect.arrayContaining(['model.shop.load__shop has colour', 'model.shop.load__shop has status reused']),
    )
  })

  it('gives times in seconds, the thread, and the rows', () => {
    expect(byId['model.shop.orders']).toMatchObject({
      execution_time: 1.5,
      thread_id: 'Thread-2 (worker)',
      timing: [
        { name: 'compile', started_at: '2024-03-02T03:59:00.000Z', completed_at: '2024-03-02T03:59:00.000Z' },
        { name: 'execute', started_at: '2024-03-02T03:59:00.000Z', completed_at: '2024-03-02T03:59:01.500Z' },
      ],
      adapter_response: { _message: 'SELECT 42', code: 'SELECT', rows_affected: 42 },
      failures: null,
      relation_name: '"warehouse"."analytics_marts"."fct_orders"',
    })
    expect(byId['model.shop.load__shop']).toMatchObject({
      adapter_response: { code: 'REUSED' },
      compiled: null,
      relation_name: null,
    })
    expect(byId['test.shop.not_null_checkout_test_estimand.0123456789']).toMatchObject({
      timing: [],
      execution_time: 0,
      adapter_response: {},
      message: null,
      compiled: false,
      compiled_code: null,
    })
  })

  it('counts failures of tests, and says where something is wrong', () => {
    expect(byId['test.shop.unique_orders_order_id.0123456789']).toMatchObject({ failures: 12 })
    expect(byId['test.shop.source_not_null_raw_visits_id.0123456789']).toMatchObject({
      failures: 0,
      message: null,
    })
    expect(byId['test.shop.revenue_agrees']).toMatchObject({
      failures: 3,
      message: 'Got 3 results, configured to fail if != 0',
    })
    expect(byId['model.shop.checkout_test']).toMatchObject({
      failures: null,
      message:
        'Database Error in job checkout_test (analytics/checkout_test.yml)\n  analytics/checkout_test.yml:1:1  no such column: arm   [sql-error]',
    })
  })

  it('does not let a node pass for live when its run was not published', () => {
    const messageIn = (changes: Partial<typeof run>) =>
      runResultsArtifact({ ...run, ...changes }, shop, options).results[2]!.message
    expect(messageIn({})).toBe('SELECT 42; not published, because the run failed')
    expect(messageIn({ status: 'cancelled' })).toBe('SELECT 42; not published, because the run was cancelled')
    expect(messageIn({ status: 'success', published: true })).toBe('SELECT 42')
    expect(messageIn({ published: true })).toBe('SELECT 42')
  })

  it('prefers the SQL that reads from what is published', () => {
    expect(byId['model.shop.orders']).toMatchObject({
      compiled: true,
      compiled_code: 'select * from built.orders',
    })
    const compiledCode = new Map([[orders.id, 'select * from raw.orders']])
    expect(runResultsArtifact(run, shop, { ...options, compiledCode }).results[2]).toMatchObject({
      compiled_code: 'select * from raw.orders',
    })
  })
})
