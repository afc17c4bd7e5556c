import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Relation } from '../../../src/core/node.ts'
import { ProblemError } from '../../../src/core/problem.ts'
import { type PublishAction, publish, sql, unsafeSql } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../test-database.ts'

/*
 * The finer parts of what somebody may have hung on a table that is replaced: comments on its parts, what the planner
 * is told, policies of other tables that look into it, and whose rows a materialized view holds.
 */

const warehouse = useWarehouse({ threads: 2 })

const marts = (identifier: string): Relation => ({ schema: 'marts', identifier })
const run = (text: string) => warehouse().query(unsafeSql(text))
const runAll = async (...statements: readonly string[]) => {
  for (const statement of statements) await run(statement)
}
const values = async (text: string) => (await run(text)).rows.map((row) => Object.values(row as object))
const swap = (name: string): PublishAction => ({
  kind: 'swap-table',
  build: { schema: 'build', identifier: name },
  published: marts(name),
})
const republish = (keep = false) =>
  publish(warehouse(), [swap('orders')], keep ? { keepIn: (one) => ({ ...one, schema: 'kept' }) } : {})
const buildAgain = () =>
  run(`create table build.orders as
       select id, id % 3 as customer, id * 1.5 as amount, 'x' || id as note from generate_series(1, 300) as id`)

beforeAll(async () => {
  await runAll('create role hung_reader', 'create role hung_other')
})

afterAll(async () => {
  await runAll('drop owned by hung_reader, hung_other cascade', 'drop role hung_reader, hung_other')
})

beforeEach(async () => {
  await runAll(
    'drop schema if exists marts, build, bi, kept cascade',
    'create schema marts',
    'create schema build',
    'create schema bi',
    'grant usage, create on schema bi to hung_reader, hung_other',
  )
  await buildAgain()
  await runAll('alter table build.orders set schema marts', 'grant usage on schema marts to hung_reader')
  await buildAgain()
})

/** A text for everything that a query of the catalogue says. */
const described = {
  comments: `
    select 'index', c.relname::text, obj_description(c.oid, 'pg_class')
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = any(array[to_regclass('marts.orders'), to_regclass('bi.totals')])
    union all
    select 'trigger', tgname::text, obj_description(oid, 'pg_trigger') from pg_trigger where tgrelid = 'marts.orders'::regclass and not tgisinternal
    union all
    select 'policy', polname::text, obj_description(oid, 'pg_policy') from pg_policy
    union all
    select 'rule', rulename::text, obj_description(oid, 'pg_rewrite') from pg_rewrite where ev_class = 'marts.orders'::regclass
    union all
    select 'statistics', stxname::text, obj_description(oid, 'pg_statistic_ext') from pg_statistic_ext
    union all
    select 'constraint', conname::text, obj_description(oid, 'pg_constraint') from pg_constraint where contype = 'f'
    order by 1, 2`,
  columns: `
    select attname::text, nullif(attstattarget, -1)::int, attoptions, attstorage, attcompression
    from pg_attribute where attrelid = 'marts.orders'::regclass and attnum > 0 order by 1`,
  planning: `
    select c.relname::text, i.indisclustered, (
      select array_agg(nullif(attstattarget, -1)::int order by attnum) from pg_attribute where attrelid = c.oid
    )
    from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'marts.orders'::regclass
    union all
    select stxname::text, false, array[nullif(stxstattarget, -1)::int] from pg_statistic_ext
    union all
    select 'owner of ' || stxname, pg_get_userbyid(stxowner) = 'hung_other', null from pg_statistic_ext
    order by 1`,
  options: `
    select t.reloptions from pg_class c join pg_class t on t.oid = c.reltoastrelid where c.oid = 'marts.orders'::regclass`,
} as const

for (const keep of [false, true])
  test(`comments on parts and what the planner is told go over${keep ? ', and back' : ''}`, async () => {
    await runAll(
      'create unique index orders_id on marts.orders (id)',
      'create index orders_double on marts.orders ((amount * 2)) include (customer)',
      "comment on index marts.orders_id is 'the key'",
      'alter index marts.orders_double alter column 1 set statistics 500',
      'alter table marts.orders cluster on orders_id',
      'create statistics marts.together (dependencies) on customer, amount from marts.orders',
      'create statistics bi.apart on (customer + 1), (id + 1) from marts.orders',
      'alter statistics bi.apart set statistics 300',
      'alter statistics bi.apart owner to hung_other',
      "comment on statistics marts.together is 'these belong together'",
      'alter table marts.orders alter column amount set statistics 777',
      'alter table marts.orders alter column amount set (n_distinct = 5)',
      'alter table marts.orders alter column note set storage external',
      'alter table marts.orders alter column note set compression pglz',
      'alter table marts.orders set (toast.autovacuum_enabled = false)',
      'create policy part on marts.orders using (customer < 3)',
      "comment on policy part on marts.orders is 'not all'",
      'create function bi.refuse() returns trigger language plpgsql as $$ begin return null; end $$',
      'create trigger guard before insert on marts.orders for each row execute function bi.refuse()',
      "comment on trigger guard on marts.orders is 'nobody writes here'",
      'create rule quiet as on delete to marts.orders do instead nothing',
      "comment on rule quiet on marts.orders is 'nor deletes'",
      'create table bi.notes (order_id int constraint of_order references marts.orders (id))',
      "comment on constraint of_order on bi.notes is 'which one'",
      'create materialized view bi.totals as select customer, sum(amount) as amount from marts.orders group by 1',
      'create unique index totals_key on bi.totals (customer)',
      "comment on index bi.totals_key is 'of a view'",
    )
    const look = async () => ({
      comments: await values(described.comments),
      columns: await values(described.columns),
      planning: await values(described.planning),
      options: await values(described.options),
    })
    const before = await look()
    expect(
      before.comments.every(
        ([, name, text]) => text !== null || name === 'orders_double' || name === 'apart',
      ),
    ).toBe(true)
    await republish(keep)
    expect(await look()).toEqual(before)
    if (!keep) return
    await publish(warehouse(), [
      { kind: 'swap-table', build: { schema: 'kept', identifier: 'orders' }, published: marts('orders') },
    ])
    expect(await look()).toEqual(before)
  })

test('a column of another type gets what is not about the type', async () => {
  await runAll(
    'alter table marts.orders alter column note set storage external',
    'alter table marts.orders alter column note set statistics 50',
    'alter table build.orders alter column note type int using 1',
  )
  await republish()
  expect(
    await values(
      `select attstorage, attstattarget::int from pg_attribute where attrelid = 'marts.orders'::regclass and attname = 'note'`,
    ),
  ).toEqual([['p', 50]])
})

test('a materialized view of others is filled with what its owner may see', async () => {
  await runAll(
    'alter table marts.orders enable row level security',
    'create policy own on marts.orders for select to hung_reader using (customer = 1)',
    'grant select on marts.orders to hung_reader',
    'create function bi.who() returns text language sql as $$ select current_user::text $$',
    'create view bi.mine with (security_barrier) as select * from marts.orders',
    'alter view bi.mine owner to hung_reader',
    'create materialized view bi.counted as select customer, count(*) as n, bi.who() as who from bi.mine group by 1 with no data',
    'create unique index counted_key on bi.counted (customer)',
    'create materialized view bi.whole as select sum(n) as n, bi.who() as who from bi.counted with no data',
    'create materialized view bi.unfilled as select * from marts.orders with no data',
    'alter materialized view bi.counted owner to hung_reader',
    'alter materialized view bi.whole owner to hung_reader',
    'refresh materialized view bi.counted',
    'refresh materialized view bi.whole',
  )
  const rows = async () => [
    ...(await values('select customer, n::int, who from bi.counted order by 1')),
    ...(await values('select n::int, who from bi.whole')),
    ...(await values(`select relispopulated from pg_class where relname = 'unfilled'`)),
  ]
  const before = [[1, 100, 'hung_reader'], [100, 'hung_reader'], [false]]
  expect(await rows()).toEqual(before)
  await republish()
  expect(await rows()).toEqual(before)
  expect(await values(`select indexname from pg_indexes where schemaname = 'bi'`)).toEqual([['counted_key']])
})

test('a materialized view of others that cannot be filled any more refuses everything, by its name', async () => {
  await runAll(
    'create materialized view bi.ratio as select 1 / id as ratio from marts.orders',
    'update build.orders set id = 0',
  )
  await expect(republish()).rejects.toThrow(/materialized view bi\.ratio.*division by zero/)
  expect(await values('select min(id) from marts.orders')).toEqual([[1]])
})

test('policies of other tables that look into a replaced one go on doing so', async () => {
  await runAll(
    'create table bi.documents as select id, id % 3 as customer from generate_series(1, 9) as id',
    'alter table bi.documents enable row level security',
    'grant select on bi.documents, marts.orders to hung_reader',
    `create policy of_orders on bi.documents as permissive for select to hung_reader
       using (exists (select from marts.orders o where o.customer = documents.customer and o.note = 'x1'))`,
    "comment on policy of_orders on bi.documents is 'who may see'",
  )
  const before = await values(
    `select polname, polcmd, polroles::regrole[]::text, pg_get_expr(polqual, polrelid), obj_description(oid) from pg_policy`,
  )
  await republish()
  expect(
    await values(
      `select polname, polcmd, polroles::regrole[]::text, pg_get_expr(polqual, polrelid), obj_description(oid) from pg_policy`,
    ),
  ).toEqual(before)
  const seen = await warehouse().withSession((session) =>
    session.transaction(async () => {
      await session.query(sql`set local role hung_reader`)
      return (await session.query(sql`select id from bi.documents order by 1`)).rows
    }),
  )
  expect(seen).toEqual([{ id: 1 }, { id: 4 }, { id: 7 }])
})

test('a policy of another table that needs a column that is gone refuses everything, by its name', async () => {
  await runAll(
    'create table bi.documents (customer int)',
    `create policy of_orders on bi.documents using (exists (select from marts.orders o where o.note = 'x1'))`,
    'alter table build.orders drop column note',
  )
  const refused = await republish().catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(ProblemError)
  expect((refused as ProblemError).problems[0]).toMatchObject({
    code: 'publish-refused',
    message: expect.stringMatching(/policy of_orders of bi\.documents/),
  })
  expect(await values(`select polname from pg_policy`)).toEqual([['of_orders']])
})

test('a security label is never lost: where its provider is not there, nothing is published', async () => {
  await warehouse().withSession(async (session) => {
    await session.query(sql`set allow_system_table_mods = on`)
    // No provider comes with the server; this is what one would have written.
    await session.query(sql`
      insert into pg_seclabel (objoid, classoid, objsubid, provider, label)
      values ('marts.orders'::regclass, 'pg_class'::regclass, 4, 'anon', 'MASKED WITH VALUE $$x$$')`)
    await session.query(sql`reset allow_system_table_mods`)
  })
  await expect(republish()).rejects.toThrow(/security label provider "anon" is not loaded/)
  await run('alter table build.orders drop column note')
  await republish()
})

test('rows are known to whoever gets their changes by an index whose columns nobody declared', async () => {
  await runAll(
    'create unique index orders_id on marts.orders (id)',
    'alter table marts.orders alter column id set not null',
    'alter table marts.orders replica identity using index orders_id',
  )
  await republish()
  expect(await values(`select relreplident from pg_class where oid = 'marts.orders'::regclass`)).toEqual([
    ['i'],
  ])
})

test('nobody keeps privileges on columns of what is only kept', async () => {
  await run('grant select (id) on marts.orders to hung_reader')
  await republish(true)
  expect(await values(`select has_any_column_privilege('hung_reader', 'kept.orders', 'select')`)).toEqual([
    [false],
  ])
  expect(await values(`select has_column_privilege('hung_reader', 'marts.orders', 'id', 'select')`)).toEqual([
    [true],
  ])
})

test('a key of the table to which others point is made again, as long as they do', async () => {
  await runAll(
    'alter table marts.orders add constraint orders_key primary key (id)',
    'alter table marts.orders add constraint note_once unique (note)',
    'alter table marts.orders add constraint nobody_points unique (id, customer)',
    "comment on constraint orders_key on marts.orders is 'whom notes are about'",
    'create table bi.notes (order_id int references marts.orders, word text references marts.orders (note))',
    'insert into bi.notes values (1, $$x1$$)',
  )
  await republish()
  await buildAgain()
  await republish()
  const keys = () =>
    values(`
      select conname, contype, conrelid::regclass::text, obj_description(oid, 'pg_constraint') from pg_constraint
      where contype in ('p', 'u', 'f') and connamespace in ('marts'::regnamespace, 'bi'::regnamespace) order by 1`)
  expect(await keys()).toEqual([
    ['note_once', 'u', 'marts.orders', null],
    ['notes_order_id_fkey', 'f', 'bi.notes', null],
    ['notes_word_fkey', 'f', 'bi.notes', null],
    ['orders_key', 'p', 'marts.orders', 'whom notes are about'],
  ])
  await buildAgain()
  await runAll('drop table bi.notes', 'alter table build.orders add primary key (id)')
  await republish()
  expect(await keys()).toEqual([['orders_pkey', 'p', 'marts.orders', null]])
})

test('a key to which others point and that the new rows break refuses everything, by its name', async () => {
  await runAll(
    'alter table marts.orders add constraint orders_key primary key (id)',
    'create table bi.notes (order_id int references marts.orders)',
    'update build.orders set id = 7 where id = 8',
  )
  await expect(republish()).rejects.toThrow(/orders_key.*marts\.orders/)
})

test('tables and indexes go where somebody has put those before them', async () => {
  await warehouse().withSession(async (session) => {
    await session.query(sql`set allow_in_place_tablespaces = on`)
    await session.query(sql`create tablespace hung_space location ''`)
    await session.query(sql`reset allow_in_place_tablespaces`)
  })
  try {
    await runAll(
      'alter table marts.orders set tablespace hung_space',
      'create index orders_small on marts.orders (id) tablespace hung_space where customer = 1',
      'create materialized view bi.small tablespace hung_space as select id from marts.orders',
    )
    await republish()
    expect(
      await values(`
        select c.relname::text from pg_class c join pg_tablespace t on t.oid = c.reltablespace
        where t.spcname = 'hung_space' and c.relnamespace <> 'pg_toast'::regnamespace order by 1`),
    ).toEqual([['orders'], ['orders_small'], ['small']])
  } finally {
    await runAll('drop schema marts, bi cascade', 'drop tablespace hung_space')
  }
})
