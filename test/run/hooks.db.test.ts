import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { askOn } from '../../src/run/ask.ts'
import { sql, withWarehouse } from '../../src/warehouse/index.ts'
import { compileProject, fixtureProject, runProject, useProjectDatabase } from './run-project.ts'

describe('a project with hooks, questions and a materialization of its own', () => {
  const database = useProjectDatabase()
  const root = fixtureProject('hooked')
  const env = () => ({ DATABASE_URL: database.url })
  const run = () => runProject(root, database.connection, { env: env() })
  const values = async (query: ReturnType<typeof sql>) =>
    (await database.rows(query)).map((row) => Object.values(row)[0])

  beforeEach(async () => {
    await database.rows(sql`drop schema if exists analytics cascade`)
  })

  it('runs every hook once, in the order of the run', async () => {
    const { result } = await run()
    expect(result.problems).toEqual([])
    expect(result.results.flatMap(({ problem }) => problem ?? [])).toEqual([])
    const journal = await values(sql`select entry from analytics.journal`)
    expect(journal[0]).toBe('start')
    expect(journal.at(-1)).toBe('end of analytics')
    expect([...journal].sort()).toEqual(
      [
        'start',
        'growing is there: False',
        ...['by_kind', 'described', 'growing', 'listed', 'logged'].flatMap((name) => [
          `after ${name}`,
          `${name} success`,
        ]),
        'end of analytics',
      ].sort(),
    )
  })

  it('asks the relations of the run, and writes where they are published', async () => {
    await run()
    expect(await database.rows(sql`select * from analytics.by_kind`)).toEqual([{ a: 5.5, b: 2.5, n: 3 }])
    const described = await database.rows(sql`select * from analytics.described order by column_name`)
    expect(described.map((row) => row['column_name'])).toEqual(['amount', 'id', 'kind'])
    expect(new Set(described.map((row) => row['relation'])).size).toBe(1)
    expect(String(described[0]!['relation'])).toMatch(/"analytics"\."raw"$/)
    expect(await values(sql`select found from analytics.listed`)).toEqual(['by_kind'])
  })

  it('keeps what hooks say of relations when these change places', async () => {
    await run()
    await run()
    const comments = await database.rows(sql`
      select relname as name, obj_description(oid, 'pg_class') as comment, relacl::text like '%=r/%' as granted
      from pg_class
      where relnamespace = 'analytics'::regnamespace and relkind in ('r', 'v')
      order by 1`)
    const of = (name: string) => comments.find((row) => row['name'] === name)
    expect(of('described')?.['granted']).toBe(true)
    expect(of('growing')?.['comment']).toBe('grown')
    expect(of('listed')?.['comment']).toBe('listed')
    expect(of('logged')?.['comment']).toBe('3 rows')
    const indexes = await values(
      sql`select tablename from pg_indexes where schemaname = 'analytics' order by 1`,
    )
    expect(indexes).toEqual(['described', 'logged'])
  })

  it('reads its own table in an increment', async () => {
    await run()
    await run()
    expect(await database.rows(sql`select id, seen from analytics.growing order by id`)).toEqual([
      { id: 1, seen: 0 },
      { id: 2, seen: 0 },
      { id: 3, seen: 3 },
    ])
    expect(await values(sql`select entry from analytics.journal where entry like 'growing is%'`)).toEqual([
      'growing is there: False',
      'growing is there: True',
    ])
  })

  it('publishes nothing when a hook fails, and says where', async () => {
    const files = { select: ['described', 'raw'] }
    await database.rows(sql`create schema analytics`)
    await database.rows(sql`create view analytics.journal as select 'none can be added' as entry`)
    const { result } = await runProject(root, database.connection, { env: env(), ...files })
    expect(result.status).toBe('failed')
    expect(result.results.every(({ status }) => status === 'skipped')).toBe(true)
    expect(result.problems[0]?.message).toContain('cannot insert into')
    expect(await values(sql`select count(*) from pg_tables where schemaname = 'analytics'`)).toEqual([0])
  })

  it('calls macros that read and change the database', async () => {
    await run()
    const { renderer } = await compileProject(root, database.connection, { env: env() })
    const options = { threads: 1, applicationName: 'estimand test' }
    await withWarehouse(database.connection, options, (warehouse) =>
      warehouse.withSession(async (session) => {
        const scope = {
          relationOf: (relation: { schema: string; identifier: string }) => relation,
          isIncremental: false,
          fullRefresh: false,
          runStartedAt: new Date(),
          invocationId: randomUUID(),
          log: () => {},
          ask: askOn(session),
        }
        expect(await renderer.runOperation('count_rows', { model: 'raw' }, scope)).toBe(3)
        await renderer.runOperation('archive', { names: ['by_kind', 'logged'] }, scope)
      }),
    )
    expect(await values(sql`select count(*) from analytics.logged_archive`)).toEqual([3])
  })
})
