import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Relation } from '../../src/core/node.ts'
import { ProblemError } from '../../src/core/problem.ts'
import {
  type PublishAction,
  publish,
  relationIdent,
  type Session,
  type SQLQuery,
  sql,
  sqlLiteral,
  unsafeSql,
} from '../../src/warehouse/index.ts'
import { useWarehouse } from './test-database.ts'

const warehouse = useWarehouse({ threads: 8 })

const marts = (identifier: string): Relation => ({ schema: 'marts', identifier })
const built = (identifier: string): Relation => ({ schema: 'build', identifier })
const query = <Row = Record<string, unknown>>(statement: SQLQuery) => warehouse().query<Row>(statement)
const swap = (name: string): PublishAction => ({
  kind: 'swap-table',
  build: built(name),
  published: marts(name),
})

/** A build whose only column says which day it is of. */
async function buildDay(name: string, day: number, more = ''): Promise<void> {
  await query(
    sql`create table ${relationIdent(built(name))} as select ${unsafeSql(String(day))} as day${unsafeSql(more)}`,
  )
}

async function dayOf(name: string): Promise<unknown> {
  return (await query<{ day: number }>(sql`select day from ${relationIdent(marts(name))}`)).rows[0]?.day
}

async function refusal(action: Promise<unknown>, code = 'publish-refused'): Promise<string> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ProblemError)
  const [problem] = (error as ProblemError).problems
  expect(problem!.code).toBe(code)
  return `${problem!.message}\n${problem!.hint}`
}

/** Has the server look for tables to vacuum every second while the body runs. */
async function vacuumsOften(body: () => Promise<void>): Promise<void> {
  await query(sql`alter system set autovacuum_naptime = '1s'`)
  await query(sql`select pg_reload_conf()`)
  try {
    await body()
  } finally {
    await query(sql`alter system reset autovacuum_naptime`)
    await query(sql`select pg_reload_conf()`)
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(50)
}

beforeAll(async () => {
  await query(sql`create schema build`)
})

describe('tables', () => {
  test('a first publication makes the schema and moves the table', async () => {
    await buildDay('first', 1)
    const result = await publish(warehouse(), [swap('first')])
    expect(await dayOf('first')).toBe(1)
    expect(result).toEqual({ relations: [marts('first')], recreated: [], kept: [], before: [] })
  })

  test('one that makes its schema while another does goes on when that one has', async () => {
    await buildDay('late', 1)
    const into: PublishAction = {
      kind: 'swap-table',
      build: built('late'),
      published: { schema: 'crowded', identifier: 'late' },
    }
    let publishing: Promise<unknown> = Promise.resolve()
    await warehouse().withSession((session) =>
      session.transaction(async () => {
        await session.query(sql`create schema crowded`)
        publishing = publish(warehouse(), [into])
        const isWaiting = sql`
          select from pg_catalog.pg_stat_activity
          where wait_event_type = 'Lock' and query like 'create schema%crowded%'`
        while ((await query(isWaiting)).rows.length === 0) await sleep(20)
      }),
    )
    await publishing
    expect((await query<{ day: number }>(sql`select day from crowded.late`)).rows).toEqual([{ day: 1 }])
  })

  test('the next one replaces it, under a build name that differs, and leaves nothing behind', async () => {
    await query(sql`create table build.second__tmp as select 2 as day`)
    await query(sql`create index second_day on build.second__tmp (day)`)
    await query(sql`create table marts.second as select 1 as day`)
    await query(sql`create index second_day on marts.second (day)`)
    await publish(warehouse(), [
      { kind: 'swap-table', build: built('second__tmp'), published: marts('second') },
    ])
    expect(await dayOf('second')).toBe(2)
    const { rows } = await query(sql`select relname from pg_class where relname like '%second%' order by 1`)
    expect(rows).toEqual([{ relname: 'second' }, { relname: 'second_day' }])
  })

  test('owner, grants, comments, row security and triggers go over to the new table', async () => {
    await query(sql`create role bi`)
    await query(sql`create role analyst`)
    try {
      await query(sql`grant create, usage on schema marts to analyst`)
      await query(sql`create table marts.rich as select 1 as day, 'x' as secret`)
      await query(sql`grant select on marts.rich to bi with grant option`)
      await query(sql`grant update (secret) on marts.rich to public`)
      await query(sql`comment on table marts.rich is ${sqlLiteral("it's rich")}`)
      await query(sql`comment on column marts.rich.secret is 'hush'`)
      await query(sql`alter table marts.rich enable row level security`)
      await query(sql`create policy only_two on marts.rich for select to bi using (day = 2)`)
      await query(
        sql`create function marts.touch() returns trigger language plpgsql as 'begin return new; end'`,
      )
      await query(
        sql`create trigger touched before insert on marts.rich for each row execute function marts.touch()`,
      )
      await query(sql`alter table marts.rich owner to analyst`)
      const before = await describeRich()

      await buildDay('rich', 2, `, 'y' as secret`)
      await publish(warehouse(), [swap('rich')])
      expect(await dayOf('rich')).toBe(2)
      expect(await describeRich()).toEqual(before)
    } finally {
      await query(sql`drop table marts.rich`)
      await query(sql`drop owned by analyst, bi`)
      await query(sql`drop role analyst`)
      await query(sql`drop role bi`)
    }
  })

  async function describeRich() {
    const { rows } = await query(sql`
      select
        pg_get_userbyid(relowner) as owner,
        (select array_agg(a::text order by a::text) from unnest(relacl) as a) as acl,
        obj_description(c.oid) as comment,
        col_description(c.oid, 2) as secret,
        (select attacl::text from pg_attribute where attrelid = c.oid and attname = 'secret') as "secretAcl",
        relrowsecurity as "rowSecurity",
        (select pg_get_expr(polqual, polrelid) from pg_policy where polrelid = c.oid) as policy,
        (select pg_get_triggerdef(t.oid) from pg_trigger t where tgrelid = c.oid) as trigger
      from pg_class c
      where c.oid = 'marts.rich'::regclass`)
    return rows[0]
  }

  test('default privileges of the schema reach a table that was built elsewhere', async () => {
    await query(sql`create role reader`)
    try {
      await query(sql`alter default privileges in schema marts grant select on tables to reader`)
      await buildDay('fresh', 1)
      await publish(warehouse(), [swap('fresh')])
      const { rows } = await query(sql`select has_table_privilege('reader', 'marts.fresh', 'select') as ok`)
      expect(rows).toEqual([{ ok: true }])
    } finally {
      await query(sql`alter default privileges in schema marts revoke select on tables from reader`)
      await query(sql`drop owned by reader`)
      await query(sql`drop role reader`)
    }
  })

  test('a foreign key of another table is made again, or the publication refused', async () => {
    await query(sql`create table marts.users as select 1 as id`)
    await query(sql`alter table marts.users add primary key (id)`)
    await query(sql`create table marts.notes (user_id int references marts.users (id))`)
    await query(sql`insert into marts.notes values (1)`)

    await query(sql`create table build.users (id int primary key)`)
    await query(sql`insert into build.users values (1), (2)`)
    await publish(warehouse(), [swap('users')])
    await query(sql`insert into marts.notes values (2)`)
    await expect(query(sql`insert into marts.notes values (3)`)).rejects.toThrow('notes_user_id_fkey')

    await query(sql`create table build.users (id int primary key)`)
    await query(sql`insert into build.users values (1)`)
    expect(await refusal(publish(warehouse(), [swap('users')]))).toContain('notes_user_id_fkey')
    expect((await query(sql`select count(*) as n from marts.users`)).rows).toEqual([{ n: 2 }])
    await query(sql`drop table build.users`)
  })
})

describe('views', () => {
  const view = (name: string, definition: string): PublishAction => ({
    kind: 'view',
    published: marts(name),
    definition,
  })

  test('a table becomes a view and a view a table, in either order of existence', async () => {
    await buildDay('base', 1)
    await buildDay('shape', 1)
    await publish(warehouse(), [swap('base'), swap('shape')])
    await publish(warehouse(), [view('shape', 'select day + 10 as day from marts.base')])
    expect(await dayOf('shape')).toBe(11)
    await buildDay('shape', 5)
    await publish(warehouse(), [swap('shape')])
    expect(await dayOf('shape')).toBe(5)
  })

  test('a view may change the type and order of its columns', async () => {
    await publish(warehouse(), [view('changing', 'select 1 as day, 2 as other')])
    await publish(warehouse(), [view('changing', `select 'two'::text as other, 3::numeric as day`)])
    expect((await query(sql`select * from marts.changing`)).rows).toEqual([{ other: 'two', day: '3' }])
  })

  test('views of others, on each other and materialized, come back with all that hung on them', async () => {
    await query(sql`create role viewer`)
    try {
      await buildDay('root', 1, `, 'a' as name`)
      await publish(warehouse(), [swap('root')])
      await query(sql`create schema bi`)
      await query(sql`create view bi.one with (security_barrier = true) as select day, name from marts.root`)
      await query(sql`create view bi.two as select day * 2 as twice from bi.one`)
      await query(sql`create materialized view bi.three as select o.day, t.twice from bi.one o, bi.two t`)
      await query(sql`create unique index three_day on bi.three (day)`)
      await query(sql`comment on view bi.one is 'of the bi team'`)
      await query(sql`grant select on bi.two, bi.three to viewer`)

      await buildDay('root', 7, `, 'b' as name, true as added`)
      const { recreated } = await publish(warehouse(), [swap('root')])
      expect(recreated.map(({ identifier }) => identifier).sort()).toEqual(['one', 'three', 'two'])
      expect((await query(sql`select * from bi.three`)).rows).toEqual([{ day: 7, twice: 14 }])
      const { rows } = await query(sql`
        select
          (select reloptions::text from pg_class where oid = 'bi.one'::regclass) as options,
          obj_description('bi.one'::regclass) as comment,
          has_table_privilege('viewer', 'bi.two', 'select') as two,
          has_table_privilege('viewer', 'bi.three', 'select') as three,
          (select count(*) from pg_indexes where indexname = 'three_day') as indexes`)
      expect(rows).toEqual([
        { options: '{security_barrier=true}', comment: 'of the bi team', two: true, three: true, indexes: 1 },
      ])
    } finally {
      await query(sql`drop owned by viewer`)
      await query(sql`drop role viewer`)
    }
  })

  test('our view on a view of others on our table comes out right', async () => {
    await buildDay('low', 1)
    await publish(warehouse(), [swap('low')])
    await query(sql`create view bi.middle as select day from marts.low`)
    const high = view('high', 'select day from bi.middle')
    await publish(warehouse(), [high])
    await buildDay('low', 2)
    await publish(warehouse(), [swap('low'), high])
    expect(await dayOf('high')).toBe(2)
  })

  test('a view of others that needs a column that is gone refuses everything', async () => {
    await buildDay('wide', 1, ', 2 as extra')
    await buildDay('beside', 1)
    await publish(warehouse(), [swap('wide'), swap('beside')])
    await query(sql`create view bi.needs_extra as select extra from marts.wide`)
    await buildDay('wide', 9)
    await buildDay('beside', 9)
    const words = await refusal(publish(warehouse(), [swap('beside'), swap('wide')]))
    expect(words).toContain('bi.needs_extra')
    expect(words).toContain('"extra" does not exist')
    expect(await dayOf('beside')).toBe(1)
    expect((await query(sql`select * from bi.needs_extra`)).rows).toEqual([{ extra: 2 }])
    await query(sql`drop table build.wide, build.beside`)
  })

  test('what is not understood refuses, it is never dropped', async () => {
    await buildDay('typed', 1)
    await publish(warehouse(), [swap('typed')])
    await query(
      sql`create function bi.rows() returns setof marts.typed language sql as 'select * from marts.typed'`,
    )
    await buildDay('typed', 2)
    expect(await refusal(publish(warehouse(), [swap('typed')]))).toContain('bi.rows')
    expect(await dayOf('typed')).toBe(1)
  })
})

describe('deltas', () => {
  const delta = (strategy: 'append' | 'delete+insert' | 'merge'): PublishAction => ({
    kind: 'apply-delta',
    build: built('delta'),
    published: marts('events'),
    strategy,
    uniqueKey: ['id', 'part'],
    columns: ['id', 'part', 'value'],
  })

  async function apply(strategy: 'append' | 'delete+insert' | 'merge'): Promise<unknown[]> {
    await query(sql`drop table if exists build.delta, marts.events`)
    await query(sql`create table marts.events as values (1, 'a', 10), (2, 'a', 20)`)
    for (const [from, to] of [
      ['column1', 'id'],
      ['column2', 'part'],
      ['column3', 'value'],
    ] as const)
      await query(sql`alter table marts.events rename column ${sql.ident(from)} to ${sql.ident(to)}`)
    await query(sql`create table build.delta (value int, part text, id int)`)
    await query(sql`insert into build.delta values (21, 'a', 2), (30, 'a', 3)`)
    await publish(warehouse(), [delta(strategy)])
    const { rows } = await query(sql`select id, value from marts.events order by id, value`)
    return rows
  }

  test('append adds', async () => {
    expect(await apply('append')).toEqual([
      { id: 1, value: 10 },
      { id: 2, value: 20 },
      { id: 2, value: 21 },
      { id: 3, value: 30 },
    ])
  })

  test.each(['delete+insert', 'merge'] as const)(
    '%s replaces, and does so twice with the same result',
    async (strategy) => {
      const expected = [
        { id: 1, value: 10 },
        { id: 2, value: 21 },
        { id: 3, value: 30 },
      ]
      expect(await apply(strategy)).toEqual(expected)
      await publish(warehouse(), [delta(strategy)])
      expect((await query(sql`select id, value from marts.events order by id, value`)).rows).toEqual(expected)
    },
  )

  test('merge refuses two rows of one key, delete+insert takes a window of rows', async () => {
    await apply('merge')
    await query(sql`insert into build.delta values (99, 'a', 2)`)
    expect(await refusal(publish(warehouse(), [delta('merge')]))).toContain('{"id":2,"part":"a"}')
    await publish(warehouse(), [delta('delete+insert')])
    expect((await query(sql`select count(*) as n from marts.events where id = 2`)).rows).toEqual([{ n: 2 }])
  })

  test('columns come and go with the delta', async () => {
    await apply('merge')
    await query(sql`alter table build.delta add column extra numeric(6,2) default 1.5`)
    await publish(warehouse(), [
      {
        ...(delta('merge') as Extract<PublishAction, { kind: 'apply-delta' }>),
        columns: ['id', 'part', 'extra'],
        addColumns: [{ name: 'extra', type: 'numeric(6,2)' }],
        dropColumns: ['value'],
      },
    ])
    expect((await query(sql`select * from marts.events order by id`)).rows).toEqual([
      { id: 1, part: 'a', extra: null },
      { id: 2, part: 'a', extra: '1.50' },
      { id: 3, part: 'a', extra: '1.50' },
    ])
  })
})

describe('readers', () => {
  test('see one day or the next in two tables and an increment, never a mixture, during 50 publications', async () => {
    const table = (name: string, day: number) => buildDay(name, day)
    await table('left', 0)
    await table('right', 0)
    await publish(warehouse(), [swap('left'), swap('right')])
    await query(sql`create table marts.grown as select 1 as id, 0 as day`)
    let stop = false
    const seen = new Set<number>()
    let reads = 0

    const inOneStatement = async (session: Session) => {
      const { rows } = await session.query<{ days: number[] }>(sql`
        select array[(select day from marts.left), (select day from marts.right), (select day from marts.grown)] as days`)
      return rows[0]!.days
    }
    const inOneTransaction = (session: Session) =>
      session.transaction(async () => {
        const days: number[] = []
        for (const name of ['right', 'grown', 'left']) {
          const { rows } = await session.query<{ day: number }>(
            sql`select day from ${relationIdent(marts(name))}`,
          )
          days.push(rows[0]!.day)
        }
        return days
      })
    const poll = (read: (session: Session) => Promise<number[]>) =>
      warehouse().withSession(async (session) => {
        while (!stop) {
          const days = await read(session)
          expect(new Set(days).size, `one reader saw the days ${days}`).toBe(1)
          seen.add(days[0]!)
          reads++
          await sleep(2)
        }
      })
    const readers = Promise.all([poll(inOneStatement), poll(inOneTransaction), poll(inOneTransaction)])

    try {
      for (let day = 1; day <= 50; day++) {
        await table('left', day)
        await table('right', day)
        await query(sql`create table build.grown as select 1 as id, ${unsafeSql(String(day))} as day`)
        await publish(warehouse(), [
          swap('left'),
          {
            kind: 'apply-delta',
            build: built('grown'),
            published: marts('grown'),
            strategy: 'merge',
            uniqueKey: ['id'],
            columns: ['id', 'day'],
          },
          swap('right'),
        ])
        await query(sql`drop table build.grown`)
      }
    } finally {
      stop = true
      await readers
    }
    expect(await dayOf('left')).toBe(50)
    expect(reads).toBeGreaterThan(100)
    expect(seen.size).toBeGreaterThan(10)
  })

  test('one that holds a table is waited for; others read meanwhile', async () => {
    await buildDay('held', 1)
    await publish(warehouse(), [swap('held')])
    await buildDay('held', 2)
    const holders: string[] = []
    let release: () => void = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const holding = warehouse().withSession((session) =>
      session.transaction(async () => {
        await session.query(sql`select * from marts.held`)
        await released
      }),
    )
    await expect
      .poll(
        async () =>
          (await query(sql`select from pg_locks where relation = 'marts.held'::regclass`)).rows.length,
      )
      .toBe(1)
    const publishing = publish(warehouse(), [swap('held')], { onWaiting: (words) => holders.push(words) })
    await expect.poll(() => holders.length, { timeout: 5000 }).toBe(1)
    expect(holders[0]).toContain('estimand test')
    expect(await dayOf('held')).toBe(1)
    release()
    await holding
    await publishing
    expect(await dayOf('held')).toBe(2)

    await buildDay('held', 3)
    const stuck = warehouse().withSession((session) =>
      session.transaction(async () => {
        await session.query(sql`select * from marts.held`)
        const blocked = publish(warehouse(), [swap('held')], { maxWaitMs: 300 })
        expect(await refusal(blocked, 'publish-blocked')).toContain('stayed in use')
      }),
    )
    await stuck
    expect(await dayOf('held')).toBe(2)
  })

  test.for(['published', 'build'])(
    'the server vacuums its %s table on its own: it leaves off',
    { timeout: 120_000 },
    async (which) => {
      const name = `vacuumed_${which}`
      await buildDay(name, 1)
      await publish(warehouse(), [swap(name)])
      await buildDay(name, 2)
      const relation = which === 'build' ? built(name) : marts(name)
      const table = relationIdent(relation)
      // As slow as it can be, over hours.
      await query(sql`alter table ${table} set (
      autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
      autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1
    )`)
      await query(sql`insert into ${table} select day from ${table}, generate_series(1, 100000)`)
      await query(sql`delete from ${table} where ctid > '(0,1)'`)
      await vacuumsOften(async () => {
        await until(async () => {
          const { rows } = await query(sql`
          select from pg_stat_progress_vacuum
          where datname = current_database() and relid = ${`${relation.schema}.${name}`}::regclass`)
          return rows.length > 0
        })
        const waited = performance.now()
        await publish(warehouse(), [swap(name)], { maxWaitMs: 20_000 })
        expect(performance.now() - waited).toBeLessThan(15_000)
      })
      expect(await dayOf(name)).toBe(2)
    },
  )

  test('a publisher that is cut off in the middle has published nothing', async () => {
    await buildDay('cut', 1)
    await publish(warehouse(), [swap('cut')])
    await buildDay('cut', 2)
    const cut = publish(warehouse(), [swap('cut')], {
      within: async (session) => {
        await warehouse().control.query(sql`select pg_terminate_backend(${session.processId})`)
        await session.query(sql`select 1`)
      },
    })
    const error = await cut.catch((reason: unknown) => reason)
    expect((error as ProblemError).problems[0]!.code).toBe('warehouse-lost')
    expect(await dayOf('cut')).toBe(1)
    await publish(warehouse(), [swap('cut')])
    expect(await dayOf('cut')).toBe(2)
  })

  test('the notes of the caller are part of the transaction', async () => {
    await buildDay('noted', 1)
    await query(sql`create table marts.notes_kept (text text)`)
    const failing = publish(warehouse(), [swap('noted')], {
      within: async (session) => {
        await session.query(sql`insert into marts.notes_kept values ('published')`)
        throw new Error('no more')
      },
    })
    await expect(failing).rejects.toThrow('no more')
    expect((await query(sql`select * from marts.notes_kept`)).rows).toEqual([])
    expect((await query(sql`select to_regclass('marts.noted') is null as absent`)).rows).toEqual([
      { absent: true },
    ])
  })
})

/** Publishes, and counts how often that asks the server. */
async function questionsFor(actions: readonly PublishAction[]): Promise<number> {
  let questions = 0
  const counted = (session: Session): Session =>
    new Proxy(session, {
      get(target, key) {
        const value = Reflect.get(target, key, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (key === 'query' || key === 'queryTable' || key === 'runAll') questions++
          return value.apply(target, args)
        }
      },
    })
  await publish(
    { withSession: (body) => warehouse().withSession((session) => body(counted(session))) },
    actions,
  )
  return questions
}

// How long that takes, `npm run bench -- publish` says.
test('200 tables with 50 views on them are published with no more questions than a few', async () => {
  const tables = (count: number) => Array.from({ length: count }, (_, i) => `of_${count}_${i}`)
  const again = async (names: readonly string[]): Promise<number> => {
    const views = names.slice(0, names.length / 4).map(
      (name): PublishAction => ({
        kind: 'view',
        published: marts(`${name}_view`),
        definition: `select day from marts.${name}`,
      }),
    )
    const actions = [...names.map(swap), ...views]
    for (const name of names) await buildDay(name, 1)
    await publish(warehouse(), actions)
    for (const name of names) await buildDay(name, 2)
    return questionsFor(actions)
  }
  const few = await again(tables(8))
  const many = await again(tables(200))
  expect(await dayOf('of_200_17_view')).toBe(2)
  expect(few).toBeGreaterThan(0)
  expect(many).toBe(few)
})
