import { beforeEach, describe, expect, test } from 'vitest'
import { unsafeSql, withWarehouse } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRun, type ProjectRunOptions, runProject } from './run-project.ts'

/*
 * Nobody is connected between the runs: who may have written a moment ago keeps everything from being reused.
 */

const base = {
  'project.yml': projectFile,
  'seeds/regions.csv': 'id,name\n1,north\n2,south\n',
  'macros/double.sql': '{% macro double(x) %}2 * {{ x }}{% endmacro %}',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: orders }] }]',
  'models/recent.sql': "select id, amount from {{ source('raw', 'orders') }} where amount > 0",
  'models/totals.sql':
    "{{ config(materialized='table') }} select sum({{ double('amount') }}) as total from {{ ref('recent') }}",
  'models/named.sql': `{{ config(materialized='table') }}
    select r.name, t.total from {{ ref('regions') }} r cross join {{ ref('totals') }} t`,
}

describe('a relation with rows that is as it was published', () => {
  const database = useTestDatabase()
  const run = (files: Files = {}, options: ProjectRunOptions = {}): Promise<ProjectRun> =>
    withProject({ ...base, ...files }, (root) =>
      runProject(root, database.connection, {
        env: { DATABASE_URL: database.url },
        reuse: 'all',
        ...options,
      }),
    )
  const send = (text: string) =>
    withWarehouse(database.connection, { threads: 1, applicationName: 'somebody' }, async (warehouse) => {
      const { rows } = await warehouse.query(unsafeSql(text))
      return rows
    })
  const outcome = ({ result }: ProjectRun) =>
    Object.fromEntries(result.results.map(({ nodeId, status }) => [nodeId.split('.').at(-1), status]))
  const reasonOf = ({ events }: ProjectRun, name: string) => {
    const steps = events.flatMap((event) => (event.type === 'run_started' ? event.plan.steps : []))
    const { reason, change } = steps.find(({ nodeId }) => nodeId.endsWith(`.${name}`))!
    return change?.kind === 'modified' ? change.why : reason
  }
  const allReused = { regions: 'reused', recent: 'reused', totals: 'reused', named: 'reused' }

  beforeEach(async () => {
    await send('drop schema if exists analytics, raw, estimand cascade')
    await send('create schema raw')
    await send('create table raw.orders as select id, 10 * id as amount from generate_series(1, 3) as id')
  })

  test('stays, and so does what reads it', async () => {
    await run()
    const before = await send('select * from estimand.publications order by relation_name')
    const again = await run()
    expect({ ...outcome(again), why: reasonOf(again, 'totals') }).toEqual({
      ...allReused,
      why: 'it is as it was published, and so is what it reads',
    })
    expect(await send('select * from estimand.publications order by relation_name')).toEqual(before)
    expect(outcome(await run())).toEqual(allReused)
    expect(outcome(await run({ 'models/totals.sql': `${base['models/totals.sql']} -- a word` }))).toEqual(
      allReused,
    )
  })

  test.each<[string, string[], string, RegExp]>([
    ['a row came', ['insert into raw.orders values (9, 9)'], 'totals', /analytics.recent has changed/],
    ['a row changed', ['update raw.orders set amount = 7 where id = 1'], 'totals', /has changed/],
    ['a row went', ['delete from raw.orders where id = 1'], 'totals', /has changed/],
    ['it was emptied by hand', ['truncate analytics.totals'], 'totals', /analytics.totals was changed since/],
    [
      'a row was changed by hand',
      ['update analytics.regions set name = $$x$$'],
      'regions',
      /was changed since/,
    ],
    ['it was dropped', ['drop table analytics.named', 'select 1'], 'named', /^materialized as table$/],
  ])('is built again when %s', async (_what, statements, name, why) => {
    await run()
    for (const statement of statements) await send(statement)
    const again = await run()
    expect(reasonOf(again, name)).toMatch(why)
    expect(outcome(again)).toMatchObject({ [name]: 'success', named: 'success' })
    expect(await send('select total from analytics.totals')).toEqual([
      {
        total: (await send('select 2 * sum(amount) as total from raw.orders where amount > 0'))[0]!['total'],
      },
    ])
    expect(await send('select name from analytics.regions order by id')).toEqual([
      { name: 'north' },
      { name: 'south' },
    ])
    expect(outcome(await run())).toEqual(allReused)
  })

  test.each<[string, Files, string, RegExp]>([
    [
      'its SQL',
      { 'models/totals.sql': "{{ config(materialized='table') }} select 5 as total" },
      'totals',
      /its own code and macro double changed/,
    ],
    [
      'its config',
      { 'models/totals.sql': base['models/totals.sql'].replace("'table'", "'table', unlogged=true") },
      'totals',
      /its config changed/,
    ],
    [
      'a macro',
      { 'macros/double.sql': '{% macro double(x) %}3 * {{ x }}{% endmacro %}' },
      'totals',
      /macro double changed/,
    ],
    ['a seed', { 'seeds/regions.csv': 'id,name\n1,east\n' }, 'regions', /its own code changed/],
    [
      'what it reads',
      { 'seeds/regions.csv': 'id,name\n1,east\n' },
      'named',
      /what it reads changed: regions/,
    ],
  ])('is built again when %s is another', async (_what, files, name, why) => {
    await run()
    const again = await run(files)
    expect(reasonOf(again, name)).toMatch(why)
    expect(outcome(again)).toMatchObject({ [name]: 'success', named: 'success' })
  })

  test.each<[string, string, RegExp]>([
    ['the time', 'select now() as at', /it calls now\(\)/],
    ['the date', 'select current_date as at', /it says \[current_date\]/],
    ['the date in a string', "select 'yesterday'::date as at", /it says \['yesterday'\]/],
    ['chance', 'select random() as at', /it calls random\(\)/],
    ['the time of the run', "select '{{ run_started_at }}' as at", /its SQL is another in this run/],
    [
      'the database',
      "select {{ run_query('select 1').columns[0].values()[0] if execute else 1 }} as at",
      /not recorded|asks the database/,
    ],
    [
      'a table that is not in the graph',
      'select * from raw.hidden',
      /whether raw.hidden has changed cannot be told/,
    ],
    [
      'a table wherever it stands',
      'select * from (with orders as (select * from orders) select 1 as one from orders) x',
      /not recorded/,
    ],
    ['a function of the database', 'select raw.one() as at', /calls one\(\), which is not PostgreSQL's own/],
    [
      'a view that does',
      "select * from {{ ref('clock') }}",
      /the view analytics.clock, which it reads, calls now\(\)/,
    ],
    [
      'a view of others',
      "select * from {{ source('raw', 'v') }}",
      /raw.v is a view, and what it calls is not known/,
    ],
  ])('is built in every run when it asks %s', async (_what, sql, why) => {
    await send('create function raw.one() returns int language sql as $$ select 1 $$')
    await send('create view raw.v as select * from raw.orders')
    await send('create table raw.hidden as select 1 as one')
    await send('drop table if exists public.orders')
    await send('create table public.orders as select 1 as one')
    const files = {
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: orders }, { name: v }] }]',
      'models/clock.sql': 'select now() as at',
      'models/totals.sql': `{{ config(materialized='table') }} ${sql}`,
      'models/named.sql': 'select 1 as one',
    }
    await run(files)
    const again = await run(files)
    expect(reasonOf(again, 'totals')).toMatch(why)
    expect(outcome(again)).toMatchObject({ totals: 'success', regions: 'reused' })
  })

  test('is built again with a full refresh, with hooks, and when reuse is switched off', async () => {
    await run()
    expect(outcome(await run({}, { fullRefresh: true }))).toMatchObject({ totals: 'success' })
    expect(outcome(await run({}, { reuse: 'none' }))).toMatchObject({ totals: 'success', recent: 'success' })
    const off = { 'models/totals.sql': base['models/totals.sql'].replace("'table'", "'table', reuse=false") }
    await run(off)
    expect(reasonOf(await run(off), 'totals')).toContain('reuse: false')
    const hooked = {
      'models/totals.sql': base['models/totals.sql'].replace("'table'", "'table', post_hook='select 1'"),
    }
    await run(hooked)
    expect(reasonOf(await run(hooked), 'totals')).toContain('its hooks run each time')
  })

  test('is built again while somebody is at work who may have written', async () => {
    await run()
    await withWarehouse(database.connection, { threads: 1, applicationName: 'loader' }, async (warehouse) => {
      await warehouse.query(unsafeSql('insert into raw.orders values (4, 1)'))
      const again = await run()
      expect(reasonOf(again, 'totals')).toMatch(
        /has changed|may have changed: process \d+ \(loader\) was at work/,
      )
      expect(outcome(again)).toMatchObject({ totals: 'success' })
    })
    expect(await send('select total from analytics.totals')).toEqual([{ total: 122 }])
  })

  test('after a run without rows or with only some it is built again', async () => {
    await run({}, { empty: true })
    expect(outcome(await run())).toMatchObject({ totals: 'success', regions: 'success' })
    expect(await send('select total from analytics.totals')).toEqual([{ total: 120 }])
  })

  test('stays when an increment would bring nothing, and only then', async () => {
    const files = {
      'models/totals.sql': `{{ config(materialized='incremental', incremental_strategy='append') }}
        select id as total from {{ source('raw', 'orders') }}
        {% if is_incremental() %}where id > (select max(total) from {{ this }}){% endif %}`,
      'models/twice.sql': `{{ config(materialized='incremental', incremental_strategy='append') }}
        select id from {{ source('raw', 'orders') }}`,
    }
    await run(files)
    expect(outcome(await run(files))).toMatchObject({ totals: 'success', twice: 'success' })
    const third = await run(files)
    expect(outcome(third)).toMatchObject({ totals: 'reused', twice: 'success' })
    expect(reasonOf(third, 'twice')).toContain('its last increment brought rows')
    await send('insert into raw.orders values (4, 1)')
    expect(outcome(await run(files))).toMatchObject({ totals: 'success' })
    expect(await send('select count(*) as n from analytics.totals')).toEqual([{ n: 4 }])
  })

  test('is told for a snapshot as well', async () => {
    const files = {
      'snapshots/history.sql': `{% snapshot history %}
        {{ config(unique_key='id', strategy='check', check_cols=['amount'], target_schema='analytics') }}
        select id, amount from {{ source('raw', 'orders') }}
        {% endsnapshot %}`,
    }
    await run(files)
    expect(outcome(await run(files))).toMatchObject({ history: 'success' })
    expect(outcome(await run(files))).toMatchObject({ history: 'reused' })
    await send('update raw.orders set amount = 8 where id = 1')
    expect(outcome(await run(files))).toMatchObject({ history: 'success' })
    expect(await send('select count(*) as n from analytics.history')).toEqual([{ n: 4 }])
  })

  test('tests run on what stays', async () => {
    const files = { 'tests/few.sql': "select * from {{ ref('totals') }} where total > 1000" }
    expect(outcome(await run(files))).toMatchObject({ few: 'pass' })
    expect(outcome(await run(files))).toMatchObject({ totals: 'reused', few: 'pass' })
  })
})
