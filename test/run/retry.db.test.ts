import { beforeEach, describe, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRun, type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

const table = "{{ config(materialized='table') }}\n"

const shop = {
  'project.yml': projectFile,
  'seeds/orders.csv': 'id,amount\n1,10\n2,20\n',
  'models/sources.yml': 'sources: [{ name: app, schema: app, tables: [{ name: users }, { name: visits }] }]',
  'models/stg_orders.sql': "select id, amount from {{ ref('orders') }}",
  'models/daily.sql': `${table}select count(*) as n, pg_backend_pid() as made_by from {{ ref('stg_orders') }}`,
  'models/users.sql': `${table}select count(*) as n from {{ source('app', 'users') }}`,
  'models/report.sql': `${table}select d.n / (select 0 from {{ ref('users') }}) as n from {{ ref('daily') }} d`,
  'models/last.sql': "select * from {{ ref('report') }}",
  'models/tests.yml': 'models: [{ name: daily, columns: [{ name: n, tests: [not_null] }] }]',
}
const fixed = {
  ...shop,
  'models/report.sql': `${table}select d.n, u.n as users from {{ ref('daily') }} d, {{ ref('users') }} u`,
}

describe('a retry', () => {
  const database = useProjectDatabase()
  const run = (files: Files, options: ProjectRunOptions = {}): Promise<ProjectRun> =>
    withProject(files, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const retry = (files: Files, before: ProjectRun, options: ProjectRunOptions = {}) =>
    run(files, { retryOf: before.result.runId, ...options })
  const names = ({ result }: ProjectRun): string[] =>
    result.results.map(({ nodeId }) => nodeId.split('.')[2]!).sort()
  const buildSchemas = () =>
    database.rows(sql`select nspname from pg_namespace where nspname like 'estimand_build%'`)
  const kept = async () => (await database.rows(sql`select 1 from estimand.kept_builds`)).length

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
    await database.rows(sql`drop schema if exists app cascade`)
    await database.rows(sql`create schema app`)
    await database.rows(sql`create table app.users as select 1 as id`)
    await database.rows(sql`create table app.visits as select 1 as id`)
    // The server counts rows with a delay; a test cannot wait for it.
    await database.rows(sql`select pg_stat_force_next_flush()`)
  })

  test('of models that are gone is not waited for longer than a week', async () => {
    const other = { 'project.yml': projectFile, 'models/unrelated.sql': 'select 1 as id' }
    const failed = await run(shop)
    const isThere = async () =>
      (
        await database.rows(sql`select to_regnamespace(${failed.result.buildSchema!}) is not null as there`)
      )[0]!['there']
    const age = (days: number) =>
      database.rows(sql`
        update estimand.runs set started_at = started_at - ${days} * interval '1 day'
        where run_id = ${failed.result.runId}`)
    await age(6)
    await run(other)
    expect([await isThere(), await kept()]).toEqual([true, 5])
    await age(2)
    await run(other)
    expect([await isThere(), await kept()]).toEqual([false, 0])
  })

  test('goes on from what succeeded and publishes all of it at once', async () => {
    const failed = await run(shop)
    expect(failed.result).toMatchObject({ status: 'failed', published: false })
    expect(await kept()).toBe(5)
    const again = await retry(fixed, failed)
    expect(again.result).toMatchObject({ status: 'success', published: true })
    expect(names(again)).toEqual(['last', 'report'])
    expect(again.result.adopted).toHaveLength(5)
    const relations = sql`
      select relname as name from pg_class
      where relnamespace = 'analytics'::regnamespace and relkind in ('r', 'v') order by 1`
    expect((await database.rows(relations)).map(({ name }) => name)).toEqual([
      'daily',
      'last',
      'orders',
      'report',
      'stg_orders',
      'users',
    ])
    expect(await database.rows(sql`select n::int, users::int from analytics.last`)).toEqual([
      { n: 2, users: 1 },
    ])
    // Views of the earlier run read what is published now.
    await database.rows(sql`insert into analytics.orders (id, amount) values (3, 30)`)
    expect(await database.rows(sql`select count(*)::int as n from analytics.stg_orders`)).toEqual([{ n: 3 }])
    expect(await buildSchemas()).toEqual([])
    expect(await kept()).toBe(0)
    const noted = sql`select count(*)::int as n from estimand.publications where run_id = ${again.result.runId}`
    expect(await database.rows(noted)).toEqual([{ n: 6 }])
  })

  test('may fail again, as often as it takes', async () => {
    const first = await run(shop)
    const second = await retry(shop, first)
    expect(names(second)).toEqual(['last', 'report'])
    const third = await retry(
      { ...fixed, 'models/last.sql': "select nothing from {{ ref('report') }}" },
      second,
    )
    expect(third.result.status).toBe('failed')
    expect(names(third)).toEqual(['last', 'report'])
    expect(await kept()).toBe(6)
    const fourth = await retry(fixed, third)
    expect(names(fourth)).toEqual(['last'])
    expect(fourth.result.status).toBe('success')
    expect(await buildSchemas()).toEqual([])
  })

  test('does again what changed, and all that is made from it', async () => {
    const failed = await run(shop)
    const changed = {
      ...fixed,
      'models/stg_orders.sql': "select id, amount from {{ ref('orders') }} where id > 1",
    }
    const again = await retry(changed, failed)
    expect(again.result.status).toBe('success')
    expect(names(again)).toEqual(['daily', 'last', 'not_null_daily_n', 'report', 'stg_orders'])
    expect(await database.rows(sql`select n::int from analytics.daily`)).toEqual([{ n: 1 }])
  })

  test('does again what reads rows that are new, and a test that is another', async () => {
    const failed = await run(shop)
    await database.rows(sql`insert into app.users values (2)`)
    await database.rows(sql`insert into app.visits values (2)`)
    await database.rows(sql`select pg_stat_force_next_flush()`)
    const again = await retry(
      {
        ...fixed,
        'models/tests.yml':
          'models: [{ name: daily, columns: [{ name: n, tests: [{ not_null: { config: { where: n > 0 } } }] }] }]',
      },
      failed,
    )
    expect(names(again)).toEqual(['last', 'not_null_daily_n', 'report', 'users'])
    expect(await database.rows(sql`select n::int from analytics.users`)).toEqual([{ n: 2 }])
  })

  test('does everything again under other vars, flags, or where a build is gone', async () => {
    const everything = 7
    const first = await run(shop)
    const full = await retry(shop, first, { fullRefresh: true })
    expect(names(full)).toHaveLength(everything)
    const [schema] = await database.rows(
      sql`select nspname as name from pg_namespace where nspname like 'estimand_build%analytics'`,
    )
    await database.rows(sql`drop table ${sql.ident(String(schema!['name']), 'orders')} cascade`)
    const again = await retry(fixed, full, { fullRefresh: true })
    expect(names(again)).toEqual(['daily', 'last', 'not_null_daily_n', 'orders', 'report', 'stg_orders'])
    expect(again.result.status).toBe('success')
  })

  test('is another run where what it goes on with is not known', async () => {
    const failed = await run(shop)
    const other = await run(shop)
    expect(names(other)).toHaveLength(7)
    const again = await retry(fixed, failed)
    expect(names(again)).toHaveLength(7)
    expect(again.result.adopted).toBeUndefined()
    expect(await buildSchemas()).toEqual([])
  })

  test('goes on also after a retry that was cut off, and any other run drops what that left', async () => {
    const failed = await run(shop)
    const cutOff = sql`
      insert into estimand.runs (run_id, project, target, target_schema, command, status, build_schema, started_at)
      select gen_random_uuid(), project, target, target_schema, 'build', 'running', build_schema, started_at
      from estimand.runs where run_id = ${failed.result.runId}`
    await database.rows(cutOff)
    const again = await retry(shop, failed)
    expect(names(again)).toEqual(['last', 'report'])
    expect(await buildSchemas()).not.toEqual([])
    await database.rows(cutOff)
    expect((await run(fixed)).result.adopted).toBeUndefined()
    expect(await buildSchemas()).toEqual([])
    expect(await kept()).toBe(0)
  })

  test('only has to publish where that is what failed', async () => {
    await run(fixed)
    await database.rows(sql`create view app.big as select n, users from analytics.report`)
    await database.rows(
      sql`create function app.of(analytics.report) returns bigint language sql as 'select 1::bigint'`,
    )
    const refused = await run(fixed)
    expect(refused.result).toMatchObject({ status: 'failed', published: false })
    await database.rows(sql`drop function app.of`)
    const again = await retry(fixed, refused)
    expect(again.result).toMatchObject({ status: 'success', published: true })
    expect(names(again)).toEqual([])
  })

  test('goes on with increments, snapshots, hooks and what views of them show', async () => {
    const grown = {
      ...shop,
      'macros/note.sql': "{% macro note() %}insert into app.notes values ('{{ this.name }}'){% endmacro %}",
      'models/grown.sql': `{{ config(materialized='incremental', unique_key='id', post_hook='{{ note() }}') }}
select id, amount from {{ ref('orders') }}{% if is_incremental() %} where id > (select max(id) from {{ this }}){% endif %}`,
      'models/of_grown.sql': "select max(id) as id from {{ ref('grown') }}",
      'snapshots/history.sql': `{% snapshot history %}{{ config(unique_key='id', strategy='check', check_cols='all') }}
select id, amount from {{ ref('orders') }}{% endsnapshot %}`,
      'models/report.sql': 'select 1 as n',
    }
    await database.rows(sql`create table app.notes (name text)`)
    expect((await run(grown)).result.status).toBe('success')
    const more = { ...grown, 'seeds/orders.csv': 'id,amount\n1,11\n2,20\n3,30\n' }
    const failed = await run({ ...more, 'models/report.sql': 'select nothing' })
    expect(failed.result.status).toBe('failed')
    expect(await database.rows(sql`select id from analytics.of_grown`)).toEqual([{ id: 2 }])
    const again = await retry(more, failed)
    expect(again.result.status).toBe('success')
    expect(names(again)).toEqual(['last', 'report'])
    expect(await database.rows(sql`select id from analytics.of_grown`)).toEqual([{ id: 3 }])
    expect(await database.rows(sql`select count(*)::int as n from analytics.history`)).toEqual([{ n: 4 }])
    expect(await database.rows(sql`select count(*)::int as n from app.notes`)).toEqual([{ n: 2 }])
  })
})
