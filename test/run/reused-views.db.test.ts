import { beforeEach, describe, expect, test } from 'vitest'
import { sql, unsafeSql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRun, type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

const base: Files = {
  'project.yml': projectFile,
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: orders }] }]',
  'models/first.sql': "select * from {{ source('raw', 'orders') }}",
  'models/second.sql': "select count(*) as n from {{ ref('first') }}",
}

describe('a view that is as it was published', () => {
  const database = useProjectDatabase()
  const run = (files: Files = {}, options: ProjectRunOptions = {}): Promise<ProjectRun> =>
    withProject({ ...base, ...files }, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
    )
  const send = (text: string) => database.rows(unsafeSql(text))
  const oidOf = async (name: string) =>
    (await database.rows(sql`select to_regclass(${`analytics.${name}`})::oid as oid`))[0]!['oid']
  const outcome = ({ result }: ProjectRun) =>
    Object.fromEntries(result.results.map(({ nodeId, status }) => [nodeId.split('.').at(-1), status]))
  const reasonOf = ({ events }: ProjectRun, name: string) =>
    events
      .flatMap((event) => (event.type === 'run_started' ? event.plan.steps : []))
      .find(({ nodeId }) => nodeId.endsWith(`.${name}`))!.reason

  beforeEach(async () => {
    await send('drop schema if exists analytics, raw, estimand cascade')
    await send('create schema raw')
    await send('create table raw.orders as select 1 as id')
  })

  test('stays, and the store goes on saying which run made it', async () => {
    expect(outcome(await run())).toEqual({ first: 'success', second: 'success' })
    const oids = [await oidOf('first'), await oidOf('second')]
    const publications = await send('select * from estimand.publications order by relation_name')
    const again = await run()
    expect(outcome(again)).toEqual({ first: 'reused', second: 'reused' })
    expect(again.result).toMatchObject({ status: 'success', published: false, problems: [] })
    expect(again.node('second')).toMatchObject({
      message: 'unchanged',
      compiledCode: expect.stringContaining('count'),
    })
    expect(reasonOf(again, 'second')).toContain('as it was published')
    expect([await oidOf('first'), await oidOf('second')]).toEqual(oids)
    expect(await send('select * from estimand.publications order by relation_name')).toEqual(publications)
    expect(await send(`select nspname from pg_namespace where nspname like 'estimand\\_build%'`)).toEqual([])
  })

  test('is made again when its own SQL or that of a view below it is another', async () => {
    await run()
    const edited = await run({ 'models/second.sql': "select count(*) + 1 as n from {{ ref('first') }}" })
    expect(outcome(edited)).toEqual({ first: 'reused', second: 'success' })
    expect(await send('select n from analytics.second')).toEqual([{ n: 2 }])
    const below = await run({
      'models/first.sql': "select id from {{ source('raw', 'orders') }} where id > 1",
      'models/second.sql': "select count(*) + 1 as n from {{ ref('first') }}",
    })
    expect(outcome(below)).toEqual({ first: 'success', second: 'success' })
    expect(await send('select n from analytics.second')).toEqual([{ n: 1 }])
  })

  test.each([
    ['a source got a column', ['alter table raw.orders add column amount int']],
    [
      'a source was replaced by one of its name',
      ['alter table raw.orders rename to old_orders', 'create table raw.orders as select 7 as id'],
    ],
    ['somebody replaced the view', ['create or replace view analytics.first as select 5 as id']],
    ['somebody renamed a column', ['alter view analytics.first rename column id to key']],
  ])('is made again when %s', async (_what, statements) => {
    await run()
    for (const statement of statements) await send(statement)
    const again = await run()
    expect(outcome(again)).toEqual({ first: 'success', second: 'success' })
    expect(reasonOf(again, 'first')).toContain('not reused: it was changed since, or what it reads was')
    expect(reasonOf(again, 'second')).toMatch(
      /not reused: it (?:reads first, which is built|was changed since)/,
    )
    expect(await send('select * from analytics.first')).toEqual(await send('select * from raw.orders'))
    expect(outcome(await run())).toEqual({ first: 'reused', second: 'reused' })
  })

  test('is made again when it is gone, with a full refresh, and when it has hooks', async () => {
    await run()
    await send('drop view analytics.second')
    expect(outcome(await run())).toEqual({ first: 'reused', second: 'success' })
    expect(outcome(await run({}, { fullRefresh: true }))).toEqual({ first: 'success', second: 'success' })
    const hooked = {
      'models/second.sql': "{{ config(post_hook='select 1') }} select count(*) as n from {{ ref('first') }}",
    }
    await run(hooked)
    const again = await run(hooked)
    expect(outcome(again)).toEqual({ first: 'reused', second: 'success' })
    expect(reasonOf(again, 'second')).toContain('not reused: its hooks run each time')
  })

  test('is made again when its SQL is another each time, or asks the database', async () => {
    const files = {
      'models/first.sql': "select id, '{{ run_started_at }}' as at from {{ source('raw', 'orders') }}",
      'models/second.sql':
        "select {% if execute %}{{ run_query('select 3 as n').columns[0].values()[0] }}{% endif %} as n",
    }
    await run(files)
    const again = await run(files)
    expect(outcome(again)).toEqual({ first: 'success', second: 'success' })
    expect(reasonOf(again, 'first')).toContain('its SQL is another in this run')
    expect(await send('select n from analytics.second')).toEqual([{ n: 3 }])
  })

  test('that was built without rows is made again with them', async () => {
    await run({}, { empty: true })
    expect(await send('select n from analytics.second')).toEqual([{ n: 0 }])
    expect(outcome(await run())).toEqual({ first: 'success', second: 'success' })
    expect(await send('select n from analytics.second')).toEqual([{ n: 1 }])
  })

  test('keeps what the project says of it besides', async () => {
    await send('drop role if exists reuse_reader')
    await send('create role reuse_reader')
    try {
      const files = {
        'models/first.yml': `
models:
  - name: first
    description: All orders.
    config: { grants: { select: [reuse_reader] }, persist_docs: { relation: true } }`,
      }
      await run(files)
      await send('revoke select on analytics.first from reuse_reader')
      await send(`comment on view analytics.first is 'scribbled over'`)
      const oid = await oidOf('first')
      expect(outcome(await run(files))).toEqual({ first: 'reused', second: 'reused' })
      expect(await oidOf('first')).toBe(oid)
      const [row] = await send(`
        select
          has_table_privilege('reuse_reader', 'analytics.first', 'select') as granted,
          obj_description('analytics.first'::regclass) as comment`)
      expect(row).toEqual({ granted: true, comment: 'All orders.' })
    } finally {
      await send('drop owned by reuse_reader')
      await send('drop role reuse_reader')
    }
  })

  test('reads the new table when one is swapped beneath it', async () => {
    const files = {
      'models/first.sql': "{{ config(materialized='table') }} select id from {{ source('raw', 'orders') }}",
    }
    await run(files)
    await send('insert into raw.orders values (2)')
    const again = await run(files)
    expect(outcome(again)).toEqual({ first: 'success', second: 'success' })
    expect(await send('select n from analytics.second')).toEqual([{ n: 2 }])
  })

  test('stays over a table that only grows, and is tested with its new rows before', async () => {
    const files = {
      'models/first.sql': `
{{ config(materialized='incremental', unique_key='id') }}
select id from {{ source('raw', 'orders') }}`,
      'tests/few.sql': "select n from {{ ref('second') }} where n > 2",
    }
    await run(files)
    const oid = await oidOf('second')
    await send('insert into raw.orders values (2)')
    const grown = await run(files)
    expect(outcome(grown)).toMatchObject({ first: 'success', second: 'success', few: 'pass' })
    expect(await oidOf('second')).toBe(oid)
    expect(await send('select n from analytics.second')).toEqual([{ n: 2 }])
    await send('insert into raw.orders values (3)')
    expect(outcome(await run(files))).toMatchObject({ few: 'fail' })
    expect(await send('select n from analytics.second')).toEqual([{ n: 2 }])
  })

  test('stays as well when each node is published for itself', async () => {
    await run({}, { publish: 'node' })
    expect(outcome(await run({}, { publish: 'node' }))).toEqual({ first: 'reused', second: 'reused' })
  })
})
