import { beforeEach, describe, expect, test } from 'vitest'
import { formatProblem } from '../../src/core/problem.ts'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

const projectFile = `
name: shop
version: '1.0'
target: test
targets:
  test: { engine: postgres, url: "{{ env_var('DATABASE_URL') }}", schema: analytics, threads: 3 }
`

const orders = 'id,customer,amount,day\n1,ann,10.5,2026-01-01\n2,bob,20,2026-01-02\n3,ann,,2026-01-03\n'

const shop = {
  'project.yml': projectFile,
  'seeds/orders.csv': orders,
  'models/stg_orders.sql': "select id, customer, coalesce(amount, 0) as amount, day from {{ ref('orders') }}",
  'models/paid.sql':
    "{{ config(materialized='ephemeral') }}\nselect * from {{ ref('stg_orders') }} where amount > 0",
  'models/totals.sql':
    "{{ config(materialized='table', indexes=[{'columns': ['customer'], 'unique': true}]) }}\nwith p as (select * from {{ ref('paid') }})\nselect customer, sum(amount) as total from p group by customer",
  'models/history.sql':
    "{{ config(materialized='incremental', unique_key='id') }}\nselect id, customer, amount, day from {{ ref('stg_orders') }}\n{% if is_incremental() %}where day >= (select max(day) from {{ this }}){% endif %}",
  'models/latest.sql':
    "{{ config(materialized='table') }}\nselect max(id) as id, count(*) as n from {{ ref('history') }}",
  'models/models.yml': `
models:
  - name: totals
    columns:
      - name: customer
        tests: [unique, not_null]
`,
}

describe('a run', () => {
  const database = useProjectDatabase()
  const run = (files: Files, options = {}) =>
    withProject(files, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const scalar = async (query: ReturnType<typeof sql>) =>
    Object.values((await database.rows(query))[0] ?? {})[0]

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  test('builds seeds, views, tables, increments and ephemeral models, and publishes them', async () => {
    const { result } = await run(shop)
    expect(result.problems).toEqual([])
    expect(result.results.map(({ status }) => status)).not.toContain('error')
    expect(result).toMatchObject({ status: 'success', published: true })
    expect(await database.rows(sql`select * from analytics.totals order by customer`)).toEqual([
      { customer: 'ann', total: 10.5 },
      { customer: 'bob', total: 20 },
    ])
    const kinds = await database.rows(sql`
      select relname as name, relkind as kind from pg_class
      where relnamespace = 'analytics'::regnamespace and relkind in ('r', 'v') order by 1`)
    expect(kinds).toEqual([
      { name: 'history', kind: 'r' },
      { name: 'latest', kind: 'r' },
      { name: 'orders', kind: 'r' },
      { name: 'stg_orders', kind: 'v' },
      { name: 'totals', kind: 'r' },
    ])
    expect(
      await scalar(
        sql`select count(*)::int from pg_indexes where schemaname = 'analytics' and tablename = 'totals'`,
      ),
    ).toBe(1)
  })

  test('leaves no build schema behind, and notes what it did in the store', async () => {
    const { result } = await run(shop)
    expect(
      await database.rows(sql`select nspname from pg_namespace where nspname like 'estimand_build%'`),
    ).toEqual([])
    expect(await scalar(sql`select status from estimand.runs where run_id = ${result.runId}`)).toBe('success')
    expect(
      await scalar(sql`select count(*)::int from estimand.publications where run_id = ${result.runId}`),
    ).toBe(5)
  })

  test('builds only the increment the second time, and readers downstream see it in the same run', async () => {
    await run(shop)
    const more = `${orders}4,cyd,7,2026-01-04\n`
    const { node } = await run({ ...shop, 'seeds/orders.csv': more })
    // The day of the watermark is read again, and the new day.
    expect(node('history').rows).toBe(2)
    expect(await database.rows(sql`select id, n::int from analytics.latest`)).toEqual([{ id: 4, n: 4 }])
    expect(await scalar(sql`select count(*)::int from analytics.history`)).toBe(4)
  })

  test('rebuilds an incremental model on a full refresh', async () => {
    await run(shop)
    const { node } = await run(shop, { fullRefresh: true })
    expect(node('history').rows).toBe(3)
  })

  test('leaves everything as it was when a test fails', async () => {
    await run(shop)
    const broken = {
      ...shop,
      'seeds/orders.csv': `${orders}4,cyd,7,2026-01-04\n`,
      'models/tests.yml':
        'models:\n  - name: stg_orders\n    columns: [{ name: customer, tests: [unique] }]\n',
    }
    const { result, node } = await run(broken)
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(node('unique_stg_orders_customer')).toMatchObject({ status: 'fail', rows: 1 })
    expect(node('totals').status).toBe('skipped')
    expect(await scalar(sql`select count(*)::int from analytics.orders`)).toBe(3)
    expect(await scalar(sql`select n::int from analytics.latest`)).toBe(3)
  })

  test('points into the template when PostgreSQL refuses the SQL', async () => {
    const { node, result } = await run({
      ...shop,
      'models/bad.sql':
        "{{ config(materialized='table') }}\n\nselect id,\n  customr as é\nfrom {{ ref('stg_orders') }}\n",
    })
    expect(result.status).toBe('failed')
    expect(formatProblem(node('bad').problem!)).toMatchInlineSnapshot(`
      "models/bad.sql:4:3  column "customr" does not exist   [sql-error]
        4 |   customr as é
              ^
        Perhaps you meant to reference the column "stg_orders.customer"."
    `)
  })

  test('goes on with what does not depend on a failure, unless told to stop at the first', async () => {
    const files = {
      ...shop,
      'models/a_bad.sql': "select 1 / (id - id) from {{ ref('orders') }} where id > nope",
    }
    const { result } = await run(files)
    expect(result.results.filter(({ status }) => status === 'skipped')).toEqual([])
    const stopped = await run(files, { failFast: true, threads: 1 })
    expect(stopped.result.results.some(({ status }) => status === 'skipped')).toBe(true)
  })

  test("publishes each node at once in publish mode 'node'", async () => {
    const { result } = await run(
      { ...shop, 'models/z_bad.sql': "select nope from {{ ref('latest') }}" },
      { publish: 'node' },
    )
    expect(result.status).toBe('failed')
    expect(await scalar(sql`select n::int from analytics.latest`)).toBe(3)
  })

  test('adds a column to an incremental model when told to', async () => {
    await run(shop)
    const changed = shop['models/history.sql']
      .replace("unique_key='id'", "unique_key='id', on_schema_change='append_new_columns'")
      .replace('amount, day', 'amount, day, amount * 2 as twice')
    await run({ ...shop, 'models/history.sql': changed })
    const rows = await database.rows(sql`select id, twice from analytics.history order by id`)
    expect(rows).toEqual([
      { id: 1, twice: null },
      { id: 2, twice: null },
      { id: 3, twice: 0 },
    ])
  })

  test('refuses a changed increment when told to fail', async () => {
    await run(shop)
    const changed = shop['models/history.sql']
      .replace("unique_key='id'", "unique_key='id', on_schema_change='fail'")
      .replace('amount, day', 'amount, day, 1 as extra')
    const { node } = await run({ ...shop, 'models/history.sql': changed })
    expect(node('history')).toMatchObject({ status: 'error' })
    expect(node('history').message).toContain('new: extra')
  })

  test('a view of somebody else survives the swap of the table it reads', async () => {
    await run(shop)
    await database.rows(sql`create schema if not exists bi`)
    await database.rows(
      sql`create or replace view bi.report as select customer, total * 2 as twice from analytics.totals`,
    )
    await run(shop)
    expect(await scalar(sql`select sum(twice)::float8 from bi.report`)).toBe(61)
    await database.rows(sql`drop schema bi cascade`)
  })

  test('drops what a run that was cut off left behind', async () => {
    await run(shop)
    await database.rows(sql`create schema estimand_build_left`)
    await database.rows(sql`
      insert into estimand.runs (run_id, project, target, target_schema, command, status, build_schema, started_at)
      select gen_random_uuid(), project, target, target_schema, 'build', 'running', 'estimand_build_left', started_at
      from estimand.runs limit 1`)
    await run(shop)
    expect(
      await database.rows(sql`select 1 from pg_namespace where nspname = 'estimand_build_left'`),
    ).toEqual([])
    expect(
      await scalar(sql`select status from estimand.runs where build_schema = 'estimand_build_left'`),
    ).toBe('abandoned')
  })

  test('waits for another run on the same schema', async () => {
    const slow = {
      ...shop,
      'models/slow.sql': "{{ config(materialized='table') }}\nselect pg_sleep(1)::text as x",
    }
    const holders: string[] = []
    const onEvent = (event: { type: string; holder?: string }) => {
      if (event.type === 'waiting_for_lock') holders.push(event.holder!)
    }
    // Whichever comes first holds the lock for a second or more; the other finds it taken.
    const results = await Promise.all([run(slow, { onEvent }), run(slow, { onEvent })])
    expect(results.map(({ result }) => result.status)).toEqual(['success', 'success'])
    expect(holders).toHaveLength(1)
  })

  test('is cancelled on the server, and nothing is published', async () => {
    const cancel = new AbortController()
    const sleeping = {
      ...shop,
      'models/slow.sql': "{{ config(materialized='table') }}\nselect pg_sleep(60)::text as x",
    }
    const { result } = await run(sleeping, {
      signal: cancel.signal,
      onEvent: (event: { type: string; nodeId?: string }) => {
        if (event.type === 'node_started' && event.nodeId?.endsWith('.slow'))
          setTimeout(() => cancel.abort(), 100)
      },
    })
    expect(result).toMatchObject({ status: 'cancelled', published: false })
    expect(result.elapsedMs).toBeLessThan(20_000)
    expect(await database.rows(sql`select 1 from pg_namespace where nspname like 'estimand_build%'`)).toEqual(
      [],
    )
    expect(
      await scalar(
        sql`select count(*)::int from pg_stat_activity where query like '%pg_sleep(60)%' and datname = current_database() and state = 'active' and pid <> pg_backend_pid()`,
      ),
    ).toBe(0)
  })
})
