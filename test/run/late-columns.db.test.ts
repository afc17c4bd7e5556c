import { beforeEach, describe, expect, test } from 'vitest'
import { type SQLQuery, sql, unsafeSql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

/*
 * Columns that come, go or get another type between two runs, in relations of every kind, with other people's views on
 * them; and what a run refuses to publish, before anything has changed.
 */

const database = useProjectDatabase()
const run = (files: Files) =>
  withProject({ 'project.yml': projectFile, ...files }, (root) =>
    runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
  )
const rows = (query: SQLQuery) => database.rows(query)
const execute = async (...statements: readonly string[]) => {
  for (const statement of statements) await rows(unsafeSql(statement))
}
const columnsOf = async (name: string) =>
  Object.fromEntries(
    (
      await rows(sql`
        select attname as name, format_type(atttypid, atttypmod) as type
        from pg_attribute where attrelid = ${name}::regclass and attnum > 0 and not attisdropped
          and attname in ('id', 'extra')`)
    ).map(({ name, type }) => [name, type]),
  )

beforeEach(() =>
  execute('drop schema if exists bi cascade', 'drop schema if exists analytics cascade', 'create schema bi'),
)

const increment = (config: string) => (query: string) => ({
  'models/it.sql': `{{ config(materialized='incremental', on_schema_change='sync_all_columns', ${config}) }} ${query}`,
})
const model = (config: string) => (query: string) => ({ 'models/it.sql': `{{ config(${config}) }} ${query}` })
const at = "timestamptz '2025-05-05' as at"

/** A project with one relation, of each kind; the select gets what is said of its third column. */
const kinds: readonly (readonly [string, (extra: string) => Files])[] = [
  ['table', (extra) => model("materialized='table'")(`select 1 as id${extra}`)],
  ['view', (extra) => model("materialized='view'")(`select 1 as id${extra}`)],
  ['materialized view', (extra) => model("materialized='materialized_view'")(`select 1 as id${extra}`)],
  ['append', (extra) => increment("incremental_strategy='append'")(`select 1 as id${extra}`)],
  ['merge', (extra) => increment("incremental_strategy='merge', unique_key='id'")(`select 1 as id${extra}`)],
  [
    'delete+insert',
    (extra) => increment("incremental_strategy='delete+insert', unique_key='id'")(`select 1 as id${extra}`),
  ],
  [
    'microbatch',
    (extra) =>
      increment(
        "incremental_strategy='microbatch', unique_key='id', event_time='at', begin='2025-01-01', batch_size='year'",
      )(`select 1 as id, ${at}${extra}`),
  ],
  [
    'time_range',
    (extra) =>
      increment("incremental_strategy='time_range', event_time='at', begin='2025-01-01', time_grain='year'")(
        `select 1 as id, ${at}${extra}`,
      ),
  ],
  [
    'snapshot',
    (extra) => ({
      'snapshots/it.sql': `{% snapshot it %}{{ config(unique_key='id', strategy='check', check_cols='all') }}
select 1 as id${extra}{% endsnapshot %}`,
    }),
  ],
  [
    'seed',
    (extra) => ({
      'seeds/it.csv': extra === '' ? 'id\n1\n' : `id,extra\n1,${extra.includes('text') ? 'x' : '7'}\n`,
    }),
  ],
]

const number = ', 7 as extra'
const text = ", 'x'::text as extra"

describe.each(kinds)('%s', (kind, files) => {
  /** Others read the column that stays, and the one that changes. */
  async function read(...columns: readonly string[]): Promise<void> {
    for (const column of columns) {
      await execute(
        `create view bi.reads_${column} as select ${column} from analytics.it`,
        `create view bi.counts_${column} as select count(${column})::int as n from bi.reads_${column}`,
        `create materialized view bi.keeps_${column} as select * from bi.counts_${column}`,
      )
    }
  }

  test('a column that comes is there, and others read on', async () => {
    expect((await run(files(''))).result.status).toBe('success')
    await read('id')
    expect((await run(files(number))).result).toMatchObject({ status: 'success', published: true })
    expect(await columnsOf('analytics.it')).toEqual({ id: 'integer', extra: 'integer' })
    expect((await rows(sql`select n > 0 as ok from bi.keeps_id`))[0]).toEqual({ ok: true })
  })

  test('a column that goes is gone, or stays in the history of a snapshot, and others read on', async () => {
    await run(files(number))
    await read('id')
    expect((await run(files(''))).result).toMatchObject({ status: 'success', published: true })
    const left = kind === 'snapshot' ? { id: 'integer', extra: 'integer' } : { id: 'integer' }
    expect(await columnsOf('analytics.it')).toEqual(left)
    expect((await rows(sql`select n > 0 as ok from bi.keeps_id`))[0]).toEqual({ ok: true })
  })

  const loses = kind !== 'snapshot'
  if (loses)
    test('one that goes while others read it refuses, and names them', async () => {
      await run(files(number))
      await read('extra', 'id')
      const { result } = await run(files(''))
      expect(result).toMatchObject({ status: 'failed', published: false })
      expect(result.problems.map(({ code }) => code)).toEqual(['publish-refused'])
      expect(result.problems[0]!.message).toContain('bi.reads_extra')
      expect(await columnsOf('analytics.it')).toEqual({ id: 'integer', extra: 'integer' })
      expect(await rows(sql`select extra from bi.reads_extra`)).toEqual([{ extra: 7 }])
      expect(await rows(sql`select count(*)::int as n from estimand.publications`)).toEqual([{ n: 1 }])
    })

  test('one that becomes a text does so for others, too, or refuses where they reckon with it', async () => {
    await run(files(number))
    await read('extra')
    const { result } = await run(files(text))
    // A snapshot keeps the values that it has; a number cannot be made of a text.
    if (result.status === 'success') {
      expect((await columnsOf('analytics.it'))['extra']).toBe('text')
      expect((await columnsOf('bi.reads_extra'))['extra']).toBe('text')
    } else {
      expect(kind).toBe('snapshot')
      expect(await rows(sql`select extra from bi.reads_extra`)).toEqual([{ extra: 7 }])
    }
    if (kind === 'snapshot') return
    await execute('drop schema bi cascade', 'create schema bi', 'drop schema analytics cascade')
    await run(files(number))
    await execute('create view bi.reckons as select extra + 1 as more from analytics.it')
    const refused = await run(files(text))
    expect(refused.result).toMatchObject({ status: 'failed', published: false })
    expect(refused.result.problems[0]!.message).toContain('bi.reckons')
    expect(await rows(sql`select more from bi.reckons`)).toEqual([{ more: 8 }])
  })
})

describe('what cannot go over to a new table refuses the publication, and it says what', () => {
  const files = (value: number): Files => ({
    'models/it.sql': `{{ config(materialized='table') }} select ${value} as id, 'a' as name union all select ${value}, 'b'`,
    'models/beside.sql': `{{ config(materialized='table') }} select ${value} as id`,
  })
  async function refused(...words: readonly string[]): Promise<void> {
    const { result } = await run(files(2))
    expect(result).toMatchObject({ status: 'failed', published: false })
    const [problem] = result.problems
    expect(problem!.code).toBe('publish-refused')
    for (const word of words) expect(`${problem!.message}\n${problem!.hint}`).toContain(word)
    expect(await rows(sql`select id from analytics.beside`)).toEqual([{ id: 1 }])
    expect(await rows(sql`select distinct id from analytics.it`)).toEqual([{ id: 1 }])
  }
  beforeEach(async () => {
    expect((await run(files(1))).result.status).toBe('success')
  })

  test('a function that is bound to it', async () => {
    await execute(
      'create function bi.counts() returns bigint begin atomic select count(*) from analytics.it; end',
    )
    await refused('bi.counts()')
  })

  test('a rule of another table', async () => {
    await execute(
      'create table bi.notes (id int)',
      'create rule copies as on insert to bi.notes do also insert into analytics.it values (new.id)',
    )
    await refused('copies')
    expect(await rows(sql`select rulename::text from pg_rules where tablename = 'notes'`)).toEqual([
      { rulename: 'copies' },
    ])
  })

  test('a table of which it is a partition, or a child', async () => {
    await execute(
      'create table bi.parent (id int, name text) partition by list (id)',
      'alter table bi.parent attach partition analytics.it for values in (1)',
    )
    await refused('analytics.it', 'partition')
    expect(await rows(sql`select count(*)::int as n from bi.parent`)).toEqual([{ n: 2 }])
    await execute(
      'alter table bi.parent detach partition analytics.it',
      'create table bi.elder (id int)',
      'alter table analytics.it inherit bi.elder',
    )
    await refused('analytics.it', 'child')
  })

  test('a unique index that its rows break', async () => {
    await execute(
      "delete from analytics.it where name = 'b'",
      'create unique index only_one on analytics.it (id)',
    )
    await refused('only_one', 'is duplicated')
  })

  test('what hangs on a column that is gone goes with it', async () => {
    await execute(
      'create index by_name on analytics.it (name)',
      'create statistics analytics.both_columns on id, name from analytics.it',
      'grant update (name) on analytics.it to public',
      `comment on column analytics.it.name is 'a name'`,
    )
    const without = { ...files(2), 'models/it.sql': "{{ config(materialized='table') }} select 2 as id" }
    expect((await run(without)).result).toMatchObject({ status: 'success', published: true })
    expect(await rows(sql`select id from analytics.it`)).toEqual([{ id: 2 }])
    expect(await rows(sql`select indexname::text from pg_indexes where tablename = 'it'`)).toEqual([])
  })

  test('an index that the config asks for no more goes, and one that a hook makes comes once', async () => {
    const withIndex = (config: string) => ({
      ...files(1),
      'models/it.sql': `{{ config(materialized='table'${config}) }} select 1 as id, 'a' as name`,
    })
    const hook = `, post_hook='create index on {{ this }} (name)'`
    await run(withIndex(`, indexes=[{'columns': ['id']}, {'columns': ['name'], 'type': 'hash'}]${hook}`))
    const names = async () =>
      (await rows(sql`select indexdef::text as x from pg_indexes where tablename = 'it' `))
        .map(({ x }) => String(x).replace(/.* USING /, ''))
        .sort()
    expect(await names()).toEqual(['btree (id)', 'btree (name)', 'hash (name)'])
    await run(withIndex(hook))
    expect(await names()).toEqual(['btree (name)'])
    await run(withIndex(hook))
    expect(await names()).toEqual(['btree (name)'])
  })
})
