import { beforeAll, beforeEach, expect, test } from 'vitest'
import type { Relation } from '../../../src/core/node.ts'
import { type PublishAction, publish, type SQLQuery, sql, unsafeSql } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../test-database.ts'

const warehouse = useWarehouse({ threads: 2 })

const marts = (identifier: string): Relation => ({ schema: 'marts', identifier })
const built = (identifier: string): Relation => ({ schema: 'dark__marts', identifier })
const query = <Row = Record<string, unknown>>(statement: SQLQuery) => warehouse().query<Row>(statement)
const run = (text: string) => query(unsafeSql(text))
const publishAll = (...actions: PublishAction[]) => publish(warehouse(), actions, { buildSchema: 'dark' })

const swap = (name: string): PublishAction => ({
  kind: 'swap-table',
  build: built(name),
  published: marts(name),
})

/** A view of the run, and how to publish it. */
async function view(
  name: string,
  definition: string,
  more: Partial<PublishAction> = {},
): Promise<PublishAction> {
  await run(`create view dark__marts.${name} as ${definition}`)
  const published = definition.replaceAll('dark__', '')
  const action = { kind: 'view', published: marts(name), build: built(name), definition: published }
  return { ...action, ...more } as PublishAction
}

async function oidOf(relation: string): Promise<number | null> {
  const { rows } = await query<{ oid: number | null }>(sql`select to_regclass(${relation})::oid as oid`)
  return rows[0]!.oid
}

async function firstValue(relation: string): Promise<unknown> {
  return Object.values((await run(`select * from ${relation}`)).rows[0]!)[0]
}

beforeAll(async () => {
  await run('create schema marts')
})

beforeEach(async () => {
  await run('drop schema if exists dark__marts, dark cascade')
  await run('create schema dark__marts')
  await run('create schema dark')
})

test('views on a swapped table and on each other are the ones that were built, and read what is published', async () => {
  await run('create table marts.base as select 1 as day')
  await run('create view marts.first as select day from marts.base')
  await run('create table dark__marts.base as select 2 as day')
  const first = await view('first', 'select day from dark__marts.base')
  const second = await view('second', 'select day * 10 as day from dark__marts.first')
  const oids = [await oidOf('dark__marts.first'), await oidOf('dark__marts.second')]

  await publishAll(swap('base'), first, second)
  expect([await oidOf('marts.first'), await oidOf('marts.second')]).toEqual(oids)
  await run('drop schema dark__marts, dark cascade')
  await run('update marts.base set day = 3')
  expect(await firstValue('marts.second')).toBe(30)
  const { rows } = await run(`select pg_get_viewdef('marts.first'::regclass) as definition`)
  expect(rows[0]!['definition']).toContain('FROM marts.base')
})

test('a view on the preview of an increment is made again, and so is what reads it', async () => {
  await run('create table marts.grown as select 1 as id')
  await run('create table dark.grown__delta as select 2 as id')
  await run(
    'create view dark__marts.grown as select id from marts.grown union all select id from dark.grown__delta',
  )
  const counted = await view('counted', 'select count(*) as n from dark__marts.grown')
  const doubled = await view('doubled', 'select n * 2 as n from dark__marts.counted')
  const aside = await view('aside', 'select id from marts.grown')
  const asideOid = await oidOf('dark__marts.aside')
  await publishAll(
    {
      kind: 'apply-delta',
      build: { schema: 'dark', identifier: 'grown__delta' },
      published: marts('grown'),
      strategy: 'append',
      uniqueKey: [],
      columns: ['id'],
    },
    counted,
    doubled,
    aside,
  )
  await run('drop schema dark__marts, dark cascade')
  expect(await firstValue('marts.counted')).toBe(2)
  expect(await firstValue('marts.doubled')).toBe(4)
  expect(await oidOf('marts.aside')).toBe(asideOid)
})

test('a view that names a replaced table outright reads the new one', async () => {
  await run('create table marts.named as select 1 as day')
  await run('create table dark__marts.named as select 2 as day')
  const outright = await view('outright', 'select day from marts.named')
  await publishAll(swap('named'), outright)
  expect(await firstValue('marts.outright')).toBe(2)
})

test('a view that was built from another text than it is published with is made from that', async () => {
  await view('text', `select 'dark' as word`)
  await publishAll({ kind: 'view', published: marts('text'), definition: `select 'light' as word` })
  expect(await firstValue('marts.text')).toBe('light')
})

test('a built view that is gone is made again', async () => {
  const gone = await view('gone', 'select 1 as day')
  await run('drop view dark__marts.gone')
  await publishAll(gone)
  expect(await firstValue('marts.gone')).toBe(1)
})

test('a materialized view is not filled again, unless it reads what goes away', async () => {
  await run('create table dark__marts.filled as select 1 as day')
  await run(
    'create materialized view dark__marts.kept_rows as select random() as number from dark__marts.filled',
  )
  const rows = await firstValue('dark__marts.kept_rows')
  const action: PublishAction = {
    kind: 'view',
    published: marts('kept_rows'),
    build: built('kept_rows'),
    definition: 'select random() as number from marts.filled',
    materialized: { indexes: [] },
  }
  await publishAll(swap('filled'), action)
  expect(await firstValue('marts.kept_rows')).toBe(rows)
})

test('grants, comments, options and readers of the view before go over to the one that is moved in', async () => {
  await run('create role moved_reader')
  try {
    await run('create view marts.rich with (security_barrier = true) as select 1 as day')
    await run('grant select on marts.rich to moved_reader')
    await run(`comment on view marts.rich is 'rich'`)
    await run(`comment on column marts.rich.day is 'the day'`)
    await run('create schema others')
    await run('create view others.reads as select day from marts.rich')
    const rich = await view('rich', 'select 2 as day')
    const { recreated } = await publishAll(rich)
    expect(recreated).toEqual([{ schema: 'others', identifier: 'reads' }])
    expect(await firstValue('others.reads')).toBe(2)
    const { rows } = await run(`
      select
        has_table_privilege('moved_reader', oid, 'select') as granted,
        obj_description(oid) as comment,
        col_description(oid, 1) as "columnComment",
        reloptions::text as options
      from pg_class where oid = 'marts.rich'::regclass`)
    expect(rows).toEqual([
      { granted: true, comment: 'rich', columnComment: 'the day', options: '{security_barrier=true}' },
    ])
  } finally {
    await run('drop owned by moved_reader')
    await run('drop role moved_reader')
  }
})

test('default privileges of the schema reach a view that is moved in', async () => {
  await run('create role default_reader')
  try {
    await run('alter default privileges in schema marts grant select on tables to default_reader')
    await publishAll(await view('fresh', 'select 1 as day'))
    const { rows } = await run(`select has_table_privilege('default_reader', 'marts.fresh', 'select') as ok`)
    expect(rows).toEqual([{ ok: true }])
  } finally {
    await run('alter default privileges in schema marts revoke select on tables from default_reader')
    await run('drop owned by default_reader')
    await run('drop role default_reader')
  }
})

test('a view whose definition did not change stays, unless what it reads is replaced', async () => {
  await run('create table marts.still as select 1 as day')
  await run('create table marts.replaced as select 1 as day')
  await run('create view marts.stays as select day from marts.still')
  await run('create view marts.falls as select day from marts.replaced')
  await run('create view marts.falls_too as select day from marts.falls')
  const oid = await oidOf('marts.stays')
  const fallen = await oidOf('marts.falls_too')
  await run('create table dark__marts.replaced as select 2 as day')
  const unchanged = { unchanged: true }
  const { kept } = await publishAll(
    swap('replaced'),
    await view('stays', 'select day from marts.still', unchanged),
    await view('falls', 'select day from dark__marts.replaced', unchanged),
    await view('falls_too', 'select day from dark__marts.falls', unchanged),
  )
  expect(kept).toEqual([marts('stays')])
  expect(await oidOf('marts.stays')).toBe(oid)
  expect(await oidOf('marts.falls_too')).not.toBe(fallen)
  expect(await firstValue('marts.falls_too')).toBe(2)
})

test('what is kept gets the grants and comments that it lacks', async () => {
  await run('create role kept_reader')
  try {
    await run('create view marts.kept as select 1 as day')
    const oid = await oidOf('marts.kept')
    await publishAll({
      kind: 'keep',
      published: marts('kept'),
      details: { grants: { select: ['kept_reader'] }, comment: 'kept', columnComments: { day: 'the day' } },
    })
    const { rows } = await run(`
      select
        has_table_privilege('kept_reader', oid, 'select') as granted,
        obj_description(oid) as comment,
        col_description(oid, 1) as "columnComment"
      from pg_class where oid = 'marts.kept'::regclass`)
    expect(rows).toEqual([{ granted: true, comment: 'kept', columnComment: 'the day' }])
    expect(await oidOf('marts.kept')).toBe(oid)
  } finally {
    await run('drop owned by kept_reader')
    await run('drop role kept_reader')
  }
})
