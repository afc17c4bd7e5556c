import { beforeEach, describe, expect, test } from 'vitest'
import { type Queryable, relationFiles, relationStates, sql } from '../../src/warehouse/index.ts'
import { useProjectDatabase } from '../run/run-project.ts'

describe('the states of relations', () => {
  const database = useProjectDatabase()
  const run = (...statements: Parameters<typeof database.rows>[0][]) =>
    statements.reduce<Promise<unknown>>(
      (before, one) => before.then(() => database.rows(one)),
      Promise.resolve(),
    )
  const on: Queryable = {
    query: async (query) => {
      const rows = (await database.rows(query)) as never[]
      return { rows, rowCount: rows.length }
    },
  }
  const relation = (identifier: string) => ({ schema: 'app', identifier })
  const stateOf = async (name: string) => {
    await run(sql`select pg_stat_force_next_flush()`)
    return (await relationStates(on, [relation(name)], { citus: false })).get(`app.${name}`)
  }
  /** Whether the state is another after the statements. */
  const changes = async (name: string, ...statements: Parameters<typeof database.rows>[0][]) => {
    const before = await stateOf(name)
    await run(...statements)
    return before !== (await stateOf(name))
  }

  beforeEach(async () => {
    await run(
      sql`drop schema if exists app cascade`,
      sql`create schema app`,
      sql`create table app.users as select 1 as id, 'ann' as name`,
      sql`create table app.parts (id int) partition by range (id)`,
      sql`create table app.part_1 partition of app.parts for values from (0) to (10)`,
      sql`create view app.named as select id from app.users`,
      sql`create view app.of_named as select id from app.named`,
    )
  })

  test('are others when rows come, change or go, and when a table is made anew', async () => {
    expect(await changes('users', sql`select count(*) from app.users`, sql`analyze app.users`)).toBe(false)
    expect(await changes('users', sql`insert into app.users values (2, 'bob')`)).toBe(true)
    expect(await changes('users', sql`update app.users set name = 'eve' where id = 2`)).toBe(true)
    expect(await changes('users', sql`delete from app.users where id = 2`)).toBe(true)
    expect(await changes('users', sql`truncate app.users`)).toBe(true)
    const anew = [
      sql`drop table app.users cascade`,
      sql`create table app.users as select 1 as id, 'ann' as name`,
    ]
    expect(await changes('users', ...anew)).toBe(true)
  })

  test('of views and partitioned tables are those of what they read', async () => {
    expect(await changes('of_named', sql`insert into app.parts values (1)`)).toBe(false)
    expect(await changes('of_named', sql`insert into app.users values (2, 'bob')`)).toBe(true)
    const other = sql`create or replace view app.named as select id + 1 as id from app.users`
    expect(await changes('of_named', other)).toBe(true)
    expect(await changes('parts', sql`insert into app.parts values (1)`)).toBe(true)
  })

  test('cannot be told of foreign tables, and are none of what is not there', async () => {
    await run(
      sql`create foreign data wrapper app_nowhere`,
      sql`create server app_far foreign data wrapper app_nowhere`,
      sql`create foreign table app.far (id int) server app_far`,
      sql`create view app.of_far as select * from app.far`,
    )
    try {
      expect(await stateOf('far')).toBeNull()
      expect(await stateOf('of_far')).toBeNull()
      expect(await stateOf('gone')).toBeUndefined()
    } finally {
      await run(sql`drop foreign data wrapper app_nowhere cascade`)
    }
  })

  test('as files are others for a table of the same name, or without its rows', async () => {
    const fileOf = async () => (await relationFiles(on, [relation('users')])).get('app.users')
    const before = await fileOf()
    await run(sql`select count(*) from app.users`)
    expect(await fileOf()).toBe(before)
    await run(sql`truncate app.users`)
    expect(await fileOf()).not.toBe(before)
    expect((await relationFiles(on, [relation('gone')])).size).toBe(0)
  })
})
