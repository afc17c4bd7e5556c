import { beforeEach, describe, expect, test } from 'vitest'
import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * What is expected of the tables was compared with dbt 1.11 and dbt-postgres 1.11 on PostgreSQL: sixteen incremental
 * models through six states of their source, row by row.
 */

const sources = `
sources: [{ name: shop, schema: shop, tables: [{ name: orders }, { name: events, config: { event_time: at } }] }]
`

function incremental(config: string, columns = '*'): string {
  return `{{ config(materialized='incremental', ${config}) }}
select ${columns} from {{ source('shop', 'orders') }}
{% if is_incremental() %}where at > (select max(at) from {{ this }}){% endif %}`
}

const batched = `{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id', event_time='at',
  begin='2026-01-30', batch_size='day', lookback=0) }}
select id, v, at, '{{ model.batch.id if model.batch else '' }}' as batch from {{ source('shop', 'events') }}`

describe('incremental models', () => {
  const database = useProjectDatabase()
  const run = (models: Files, options: ProjectRunOptions = {}) =>
    withProject({ 'project.yml': projectFile, 'models/sources.yml': sources, ...models }, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const change = async (...statements: SQLQuery[]) => {
    for (const statement of statements) await database.rows(statement)
  }

  beforeEach(() =>
    change(
      sql`drop schema if exists analytics cascade`,
      sql`drop schema if exists shop cascade`,
      sql`create schema shop`,
      sql`create table shop.orders (id int, region text, amount int, at timestamp)`,
      sql`insert into shop.orders values (1, 'eu', 10, '2026-01-01'), (2, 'us', 300, '2026-01-01')`,
      sql`create table shop.events (id int, v text, at timestamptz)`,
      sql`insert into shop.events values (1, 'a', '2026-01-30 05:00Z'), (2, 'b', '2026-01-31 23:59Z'), (1, 'later', '2026-02-02Z')`,
    ),
  )
  const newRows = () =>
    change(
      sql`insert into shop.orders values (1, 'xx', 11, '2026-01-02'), (2, 'yy', 301, '2026-01-02'), (3, 'us', 5, '2026-01-02')`,
    )

  test('merge only the columns that are named, or all but those, and readers see it in the same run', async () => {
    const models = {
      'models/only.sql': incremental(
        "unique_key='id', incremental_strategy='merge', merge_update_columns=['amount']",
      ),
      'models/but.sql': incremental(
        "unique_key='id', incremental_strategy='merge', merge_exclude_columns=['amount']",
      ),
      'models/seen.sql':
        "{{ config(materialized='table') }}\nselect * from {{ ref('only') }} union all select * from {{ ref('but') }}",
    }
    await run(models)
    await newRows()
    await run(models)
    const only = [
      { id: 1, region: 'eu', amount: 11 },
      { id: 2, region: 'us', amount: 301 },
      { id: 3, region: 'us', amount: 5 },
    ]
    const but = [
      { id: 1, region: 'xx', amount: 10 },
      { id: 2, region: 'yy', amount: 300 },
      { id: 3, region: 'us', amount: 5 },
    ]
    const rows = (table: string) =>
      database.rows(sql`select id, region, amount from ${sql.ident('analytics', table)} order by id, region`)
    expect(await rows('only')).toEqual(only)
    expect(await rows('but')).toEqual(but)
    const byId = (a: { id: number; region: string }, b: { id: number; region: string }) =>
      a.id - b.id || a.region.localeCompare(b.region)
    expect(await rows('seen')).toEqual([...only, ...but].sort(byId))
  })

  test('replace only where incremental_predicates allow it', async () => {
    const models = {
      'models/replaced.sql': incremental(
        "unique_key='id', incremental_strategy='delete+insert', incremental_predicates=['amount < 100']",
      ),
      'models/merged.sql': incremental(
        "unique_key='id', incremental_strategy='merge', incremental_predicates=['DBT_INTERNAL_DEST.amount < 100']",
      ),
    }
    await run(models)
    await newRows()
    await run(models)
    for (const table of ['replaced', 'merged'])
      expect(
        await database.rows(sql`select id, amount from ${sql.ident('analytics', table)} order by id, amount`),
      ).toEqual([
        { id: 1, amount: 11 },
        { id: 2, amount: 300 },
        { id: 2, amount: 301 },
        { id: 3, amount: 5 },
      ])
  })

  test('show what the table will be by a join, and not by a look-up for each of its rows', async () => {
    const models = {
      'models/kept.sql': incremental("unique_key='id', incremental_strategy='delete+insert'"),
      'models/seen.sql': `{% set plan = run_query('explain select * from ' ~ ref('kept')) %}
select $plan${'$'}{{ plan.columns[0].values() | join(' ') if plan else '' }}$plan$ as plan`,
    }
    await run(models)
    await newRows()
    await run(models)
    const [row] = await database.rows(sql`select plan from analytics.seen`)
    expect(row!.plan).toMatch(/Anti Join/)
    expect(row!.plan).not.toMatch(/SubPlan/)
  })

  test('follow columns that come, go and change their type', async () => {
    const model = (columns: string) => ({
      'models/synced.sql': incremental("unique_key='id', on_schema_change='sync_all_columns'", columns),
      'models/reader.sql': "select * from {{ ref('synced') }}",
    })
    await run(model('id, region, amount, at'))
    await change(sql`create view shop.others as select id, at from analytics.synced`)
    await newRows()
    const { result } = await run(model('id, amount::numeric as amount, at, 7 as extra'))
    expect(result.problems).toEqual([])
    expect(await database.rows(sql`select * from analytics.reader where id = 3`)).toEqual([
      { id: 3, amount: '5', at: '2026-01-02 00:00:00', extra: 7 },
    ])
    expect(await database.rows(sql`select count(*)::int as n from shop.others`)).toEqual([{ n: 3 }])
  })

  test('keep their table in a full refresh when full_refresh is false', async () => {
    const models = { 'models/kept.sql': incremental("unique_key='id', full_refresh=false") }
    await run(models)
    const { node } = await run(models, { fullRefresh: true })
    expect(node('kept').rows).toBe(0)
  })

  test('follow a strategy of the project', async () => {
    const models = {
      'models/newest.sql': incremental("unique_key='id', incremental_strategy='keep_largest'"),
      'models/seen.sql': "{{ config(materialized='table') }}\nselect * from {{ ref('newest') }}",
      'macros/strategy.sql': `{% macro get_incremental_keep_largest_sql(args) %}
delete from {{ args['target_relation'] }} as old using {{ args['temp_relation'] }} as new
where old.{{ args['unique_key'] }} = new.{{ args['unique_key'] }} and old.amount < new.amount;
insert into {{ args['target_relation'] }} ({{ args['dest_columns'] | map(attribute='quoted') | join(', ') }})
select {{ args['dest_columns'] | map(attribute='quoted') | join(', ') }} from {{ args['temp_relation'] }} as new
where not exists (select from {{ args['target_relation'] }} as old where old.id = new.id);
{% endmacro %}`,
    }
    await run(models)
    await change(sql`insert into shop.orders values (1, 'xx', 9, '2026-01-02'), (2, 'yy', 301, '2026-01-02')`)
    const { result } = await run(models)
    expect(result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
    expect(await database.rows(sql`select id, amount from analytics.seen order by id`)).toEqual([
      { id: 1, amount: 10 },
      { id: 2, amount: 301 },
    ])
  })

  test('refuse strategies that PostgreSQL has not got', async () => {
    const models = { 'models/other.sql': incremental("incremental_strategy='insert_overwrite'") }
    await expect(run(models)).rejects.toThrow('incremental_strategy: "insert_overwrite" is not allowed')
  })
})

describe('microbatch models', () => {
  const database = useProjectDatabase()
  const run = (models: Files, options: ProjectRunOptions = {}) =>
    withProject({ 'project.yml': projectFile, 'models/sources.yml': sources, ...models }, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const change = async (...statements: SQLQuery[]) => {
    for (const statement of statements) await database.rows(statement)
  }
  const days = (start: string, end: string): ProjectRunOptions => ({
    eventTime: { start: new Date(start), end: new Date(end) },
  })

  beforeEach(() =>
    change(
      sql`drop schema if exists analytics cascade`,
      sql`drop schema if exists shop cascade`,
      sql`create schema shop`,
      sql`create table shop.orders (id int)`,
      sql`create table shop.events (id int, v text, at timestamptz)`,
      sql`insert into shop.events values (1, 'a', '2026-01-30 05:00Z'), (2, 'b', '2026-01-31 23:59Z'), (1, 'later', '2026-02-02Z')`,
    ),
  )
  const table = sql`select id, v, batch from analytics.batched order by id`

  test('read one batch at a time, and the newest one wins', async () => {
    const { node } = await run({ 'models/batched.sql': batched }, days('2026-01-30', '2026-02-03'))
    expect(node('batched')).toMatchObject({ rows: 2, message: '2 rows in 4 batches' })
    expect(node('batched').batches?.map(({ id, status, rows }) => [id, status, rows])).toEqual([
      ['20260130', 'success', 1],
      ['20260131', 'success', 1],
      ['20260201', 'success', 0],
      ['20260202', 'success', 1],
    ])
    expect(await database.rows(table)).toEqual([
      { id: 1, v: 'later', batch: '20260202' },
      { id: 2, v: 'b', batch: '20260131' },
    ])
  })

  test('replace by key what a batch gives again', async () => {
    await run({ 'models/batched.sql': batched }, days('2026-01-30', '2026-02-03'))
    await change(
      sql`update shop.events set v = 'corrected' where id = 2`,
      sql`delete from shop.events where id = 1`,
    )
    const { node } = await run({ 'models/batched.sql': batched }, days('2026-01-31', '2026-02-01'))
    expect(node('batched').batches).toHaveLength(1)
    expect(await database.rows(table)).toEqual([
      { id: 1, v: 'later', batch: '20260202' },
      { id: 2, v: 'corrected', batch: '20260131' },
    ])
  })

  test('tell which batches failed; nothing of them is published', async () => {
    const failing = batched.replace("'later'", '').replace('select id, v', 'select 10 / (id - 2) as id, v')
    const { node, result } = await run({ 'models/batched.sql': failing }, days('2026-01-30', '2026-02-03'))
    expect(result.published).toBe(false)
    expect(node('batched')).toMatchObject({ status: 'error', message: 'batch 20260131: division by zero' })
    expect(node('batched').batches?.map(({ status }) => status)).toEqual([
      'success',
      'error',
      'success',
      'success',
    ])
  })

  test('run one after the other when they read their own table, and find the rows of those before', async () => {
    const counting = batched.replace(
      ' as batch from',
      ' as batch, {% if is_incremental() %}(select count(*) from {{ this }}){% else %}0{% endif %}::int as before from',
    )
    await run({ 'models/batched.sql': counting }, days('2026-01-30', '2026-02-03'))
    expect(await database.rows(sql`select id, before from analytics.batched order by id`)).toEqual([
      { id: 1, before: 2 },
      { id: 2, before: 1 },
    ])
  })

  test('say what their configuration lacks', async () => {
    const { node } = await run({ 'models/batched.sql': batched.replace("begin='2026-01-30', ", '') })
    expect(node('batched').message).toBe("microbatch model batched needs a 'begin'")
  })
})
