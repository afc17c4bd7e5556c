import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sql, withWarehouse } from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { runEstimand, useProjectCopy } from './spawn-estimand.ts'

const database = useTestDatabase()
const folder = useProjectCopy('small-shop')
const run = (...args: string[]) => runEstimand(folder(), args, { DATABASE_URL: database.url })

/** What became of each node that publishes, by name. */
async function changes(...args: string[]): Promise<Record<string, string>> {
  const { code, out } = await run('plan', '--output', 'json', ...args)
  expect(code).toBe(0)
  const { steps } = JSON.parse(out) as { steps: { nodeId: string; change?: { kind: string; why: string } }[] }
  return Object.fromEntries(
    steps.flatMap(({ nodeId, change }) =>
      change ? [[nodeId.split('.').at(-1)!, `${change.kind}: ${change.why}`]] : [],
    ),
  )
}

const unchanged = 'unchanged: same definition as what is published'

describe('estimand plan', () => {
  it('looks at a warehouse in which nothing ran yet, and changes nothing', async () => {
    const { code, out } = await run('plan')
    expect(code).toBe(0)
    expect(out).toMatch(/^seed +seed +shop\.raw_orders +read from its file +never built$/m)
    expect(out).toMatch(/^7 steps: 1 seed, 2 build, 4 test; 3 new$/m)
    const options = { threads: 1, applicationName: 'estimand test' }
    const { rows } = await withWarehouse(database.connection, options, (warehouse) =>
      warehouse.query<{ schema: string }>(
        sql`select nspname as schema from pg_catalog.pg_namespace where nspname in ('estimand', 'shop')`,
      ),
    )
    expect(rows).toEqual([])
  })

  it('says why each node would come out differently than what is published', async () => {
    expect((await run('build')).code).toBe(0)
    expect(await changes()).toEqual({ raw_orders: unchanged, stg_orders: unchanged, customers: unchanged })
    expect(await changes('--vars', '{smallest_amount: 3}')).toEqual({
      raw_orders: unchanged,
      stg_orders: 'modified: a var, an environment variable or the target changed',
      customers: 'modified: what it reads changed: stg_orders',
    })

    appendFileSync(join(folder(), 'models', 'stg_orders.sql'), '\n-- only a comment\n')
    const customers = join(folder(), 'models', 'customers.sql')
    writeFileSync(customers, readFileSync(customers, 'utf8').replace('sum(amount)', 'max(amount)'))
    appendFileSync(join(folder(), 'seeds', 'raw_orders.csv'), '99,10,2026-01-05,1.5\n')
    expect(await changes()).toEqual({
      raw_orders: 'modified: its own code changed',
      stg_orders: 'modified: what it reads changed: raw_orders',
      customers: 'modified: its own code changed; what it reads changed: stg_orders',
    })
    const { out } = await run('plan', '--select', 'customers', '--resource-type', 'model')
    expect(out).toMatch(
      /^build +table +shop\.customers +materialized as table +its own code changed; what it reads/m,
    )
  })
})
