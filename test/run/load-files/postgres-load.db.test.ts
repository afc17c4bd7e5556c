import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { type SQLQuery, sql, withWarehouse } from '../../../src/warehouse/index.ts'
import { type Files, withProject } from '../../project/temp-project.ts'
import { useTestDatabase } from '../../warehouse/test-database.ts'
import { compileProject, type ProjectRunOptions, runProject, useProjectDatabase } from '../run-project.ts'
import { declaredLoad } from './declared-load.ts'

const database = useProjectDatabase()
const crm = useTestDatabase()

beforeEach(async () => {
  await database.rows(sql`drop schema if exists raw cascade`)
  await database.rows(sql`drop schema if exists estimand cascade`)
  await there(sql`drop schema if exists crm cascade`, sql`create schema crm`)
})

/** Statements in the database that is loaded from. */
async function there(...statements: readonly SQLQuery[]): Promise<void> {
  await withWarehouse(crm.connection, { threads: 1, applicationName: 'estimand test' }, async (source) => {
    for (const statement of statements) await source.query(statement)
  })
}

/** A load of `raw.t` from there, with more keys in YAML. */
function loadOf(keys: string, columns: string): Files {
  return declaredLoad(`kind: postgres\nurl: "{{ env_var('CRM_URL') }}"\n${keys}`, columns)
}

/** Who else is connected there. */
async function connectionsThere(): Promise<unknown[]> {
  const asked = sql`
    select query from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and application_name like 'estimand load%'`
  return withWarehouse(crm.connection, { threads: 1, applicationName: 'estimand test' }, async (source) => {
    return (await source.control.query(asked)).rows
  })
}

type Run = (options?: ProjectRunOptions) => ReturnType<typeof runProject>

const people = '{ name: id, type: int }, { name: word, type: text }, { name: at, type: timestamptz }'

/** A project in a folder, to be run several times. */
function inProject<T>(
  keys: string,
  columns: string,
  body: (run: Run, root: string) => Promise<T>,
  more: Files = {},
): Promise<T> {
  return withProject({ ...loadOf(keys, columns), ...more }, (root) =>
    body(
      (options = {}) =>
        runProject(root, database.connection, {
          ...options,
          env: { DATABASE_URL: database.url, CRM_URL: crm.url, ...options.env },
        }),
      root,
    ),
  )
}

const words = () =>
  database
    .rows(sql`select id, word from raw.t order by id, word`)
    .then((rows) => rows.map(({ id, word }) => `${id} ${word}`))

const makePeople = sql`
  create table crm.people as
  select n as id, 'word ' || n as word, timestamptz '2026-01-01 12:00+01' + n * interval '1 hour' as updated
  from generate_series(1, 3) n`

const withWatermark = people.replace('name: at,', 'name: at, from: updated,')

describe('rows of another Postgres', () => {
  it('are the same here, whatever their types and what they hold', async () => {
    const types = {
      id: 'bigint',
      amount: 'numeric',
      price: 'numeric(12,2)',
      share: 'double precision',
      at: 'timestamptz',
      local: 'timestamp',
      day: 'date',
      took: 'interval',
      document: 'jsonb',
      numbers: 'int[]',
      names: 'text[]',
      bytes: 'bytea',
      name: 'text',
      code: 'char(3)',
      yes: 'boolean',
      key: 'uuid',
    }
    await there(
      sql`
        create table crm.things (
          id bigint, amount numeric, price numeric(12,2), share double precision, at timestamptz, local timestamp,
          day date, took interval, document jsonb, numbers int[], names text[], bytes bytea, name text, code char(3),
          yes boolean, key uuid
        )`,
      sql`
        insert into crm.things values
        (
          9223372036854775807, 12345678901234567890.123456789, 10.50, 0.1::float8 + 0.2::float8,
          '2026-03-29 02:30:00.123456+05:30', '2026-03-29 02:30', '0044-03-15 BC', '1 mon -2 days 03:04:05.6',
          '{"a": [1, null, "x\\"y"], "b": "\\\\N"}', '{1,null,3}', array['a,b', null, 'c"d', e'e\nf', 'NULL', ''],
          '\\x00ff0a22', e'tab\there\nline\r\n"quoted", \\N \\. ü 🙂', 'ab', true,
          '00000000-0000-4000-8000-000000000001'
        ),
        (1, 'NaN', null, '-Infinity', 'infinity', null, 'infinity', null, 'null', '{}', '{}', '', '', '', false, null),
        (2, null, null, null, null, null, null, null, null, null, null, null, '\\N', null, null, null),
        (3, null, null, null, null, null, null, null, null, null, null, null, '\\.', null, null, null),
        (4, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)`,
      // What comes out is written in the same way, however the other side is set up.
      sql`do $$ begin execute format('alter database %I set datestyle = ''SQL, DMY''', current_database()); end $$`,
      sql`do $$ begin execute format('alter database %I set bytea_output = escape', current_database()); end $$`,
    )
    const columns = Object.entries(types).map(([name, type]) => `{ name: "${name}", type: "${type}" }`)
    const { result, node } = await inProject('table: crm.things', columns.join(', '), (run) => run())
    expect(result.problems).toEqual([])
    expect(node('t')).toMatchObject({ status: 'success', rows: 5, message: '5 rows' })
    const texts = (table: SQLQuery) => sql`
      select t.id, row_to_json(t)::text as whole, t.bytes::text, t.name, t.code::text from ${table} t order by t.id`
    const here = await database.rows(texts(sql`raw.t`))
    const were = await withWarehouse(
      crm.connection,
      { threads: 1, applicationName: 'estimand test' },
      (source) =>
        source.withSession(async (session) => {
          await session.query(sql`select set_config('bytea_output', 'hex', false)`)
          return (await session.query(texts(sql`crm.things`))).rows
        }),
    )
    expect(here).toEqual(were)
  })

  it('come from a query, with comments, vars and a semicolon, and a name of their own', async () => {
    await there(makePeople)
    const keys = `query: "select id, upper(word) as name, updated from crm.people where id >= {{ var('least') }} -- rows\\n;"`
    const { result } = await inProject(
      keys,
      withWatermark.replace('name: word,', 'name: word, from: name,'),
      (run) => run({ vars: { least: 2 } }),
    )
    expect(result.problems).toEqual([])
    expect(await words()).toEqual(['2 WORD 2', '3 WORD 3'])
  })

  it('are as many as there are, of more bytes than go in one chunk', async () => {
    await there(
      sql`create table crm.many as select n as id, repeat(e'x\n', 20) || n as word, null::timestamptz as at from generate_series(1, 200000) n`,
    )
    const { result, node, events } = await inProject('table: crm.many', people, (run) => run())
    expect(result.problems).toEqual([])
    expect(node('t').rows).toBe(200_000)
    const [there1] = await database.rows(
      sql`select count(*)::int as rows, count(distinct id)::int as ids, sum(length(word))::int as characters from raw.t`,
    )
    expect(there1).toEqual({ rows: 200_000, ids: 200_000, characters: 200_000 * 40 + 1_088_895 })
    const told = events.flatMap((event) => (event.type === 'node_progress' ? [event.rows] : []))
    expect(told.length).toBeGreaterThan(2)
    expect(told.at(-1)).toBe(200_000)
  })

  it('are read in a transaction that can change nothing, and by one statement', async () => {
    await there(
      makePeople,
      sql`
      create function crm.spoil() returns setof crm.people language sql as 'delete from crm.people returning *'`,
    )
    const changing = await inProject('query: select * from crm.spoil()', withWatermark, (run) => run())
    expect(changing.node('t').message).toContain('cannot execute DELETE in a read-only transaction')
    const several = await inProject(
      'query: "select * from crm.people) as source) to stdout; commit; delete from crm.people; copy (select * from (select 1"',
      withWatermark,
      (run) => run(),
    )
    expect(several.node('t').status).toBe('error')
    const { node } = await inProject('table: crm.people', withWatermark, (run) => run())
    expect(node('t').rows).toBe(3)
  })
})

describe('the next load', () => {
  it('replaces all by all', async () => {
    await there(makePeople)
    await inProject('table: crm.people', withWatermark, async (run) => {
      await run()
      await there(sql`delete from crm.people where id < 3`)
      const { events, node } = await run()
      const [plan] = events.flatMap((event) => (event.type === 'run_started' ? [event.plan] : []))
      expect(plan!.steps[0]).toMatchObject({
        action: 'load',
        reason: 'read anew each time: a database does not tell whether it has changed',
      })
      expect(node('t').rows).toBe(1)
      expect(await words()).toEqual(['3 word 3'])
    })
  })

  it('adds what is beyond the watermark', async () => {
    await there(makePeople)
    await inProject('table: crm.people\nmode: append\nwatermark: at', withWatermark, async (run) => {
      await run()
      await there(sql`insert into crm.people values
        (4, 'new', '2026-01-01 14:00:00.000001+00'), (5, 'late', '2026-01-01 14:00+00'), (6, 'never', null)`)
      const { events, node } = await run()
      const [plan] = events.flatMap((event) => (event.type === 'run_started' ? [event.plan] : []))
      expect(plan!.steps[0]).toMatchObject({
        action: 'increment',
        reason: 'rows whose at is greater than what is there',
      })
      expect(node('t')).toMatchObject({ status: 'success', rows: 1 })
      expect((await run()).node('t')).toMatchObject({ status: 'success', rows: 0 })
      expect(await words()).toEqual(['1 word 1', '2 word 2', '3 word 3', '4 new'])
      await run({ fullRefresh: true })
      expect(await words()).toHaveLength(6)
    })
  })

  it('puts late rows in their place with a lookback', async () => {
    await there(makePeople)
    const keys = 'table: crm.people\nmode: upsert\nkey: [id]\nwatermark: at\nlookback: 90 minutes'
    await inProject(keys, withWatermark, async (run) => {
      await run()
      await there(
        sql`update crm.people set word = 'too late' where id = 1`,
        sql`update crm.people set word = 'corrected' where id = 2`,
        sql`insert into crm.people values (4, 'late', '2026-01-01 13:59+00')`,
      )
      const { node } = await run()
      expect(node('t')).toMatchObject({ status: 'success', rows: 3 })
      expect(await words()).toEqual(['1 word 1', '2 corrected', '3 word 3', '4 late'])
    })
  })

  it('counts back from a number, too', async () => {
    await there(makePeople)
    const keys = 'table: crm.people\nmode: upsert\nkey: [id]\nwatermark: id\nlookback: 1'
    await inProject(keys, withWatermark, async (run) => {
      await run()
      await there(
        sql`update crm.people set word = 'other'`,
        sql`insert into crm.people values (4, 'new', null)`,
      )
      expect((await run()).node('t').rows).toBe(2)
      expect(await words()).toEqual(['1 word 1', '2 word 2', '3 other', '4 new'])
    })
  })

  it('takes all rows by key where there is no watermark', async () => {
    await there(makePeople)
    await inProject('table: crm.people\nmode: upsert\nkey: [id]', withWatermark, async (run) => {
      await run()
      await there(sql`delete from crm.people where id = 1`, sql`update crm.people set word = 'other'`)
      expect((await run()).node('t').rows).toBe(2)
      expect(await words()).toEqual(['1 word 1', '2 other', '3 other'])
    })
  })

  it('builds increments upon it, and all of them when it was loaded anew', async () => {
    await there(makePeople)
    const model = {
      'models/s.yml': 'sources: [{ name: raw, tables: [{ name: t }] }]',
      'models/m.sql': `{{ config(materialized='incremental') }}\nselect id from {{ source('raw', 't') }}
        {% if is_incremental() %}where id > (select max(id) from {{ this }}){% endif %}`,
    }
    await inProject(
      'table: crm.people\nmode: append\nwatermark: id',
      withWatermark,
      async (run) => {
        const actionOf = async (options: ProjectRunOptions) => {
          const { result, events } = await run(options)
          expect(result.problems).toEqual([])
          const [plan] = events.flatMap((event) => (event.type === 'run_started' ? [event.plan] : []))
          return plan!.steps.find(({ nodeId }) => nodeId.includes('.m'))?.action
        }
        await run()
        await there(sql`insert into crm.people values (4, 'new', null)`)
        await run({ select: ['t'] })
        expect(await actionOf({})).toBe('increment')
        await run({ select: ['t'], fullRefresh: true })
        expect(await actionOf({})).toBe('build')
      },
      model,
    )
  })

  it('leaves what is there with --empty', async () => {
    await there(makePeople)
    await inProject('table: crm.people', withWatermark, async (run) => {
      await run({ empty: true })
      expect(await words()).toEqual([])
      await run()
      await run({ empty: true })
      expect(await words()).toHaveLength(3)
    })
  })
})

describe('what goes wrong', () => {
  it('in the middle of the rows leaves what is published', async () => {
    await there(makePeople)
    await inProject('query: select * from crm.shown', withWatermark, async (run) => {
      await there(sql`create view crm.shown as select * from crm.people`)
      await run()
      await there(sql`
        create or replace view crm.shown as
        select n as id, repeat('x', 100 / (150000 - n)) as word, null::timestamptz as updated
        from generate_series(1, 200000) n`)
      const { node } = await run()
      expect(node('t').status).toBe('error')
      expect(node('t').message).toMatch(/^query \(database test_\w+\) cannot be read: division by zero/)
      expect(await words()).toEqual(['1 word 1', '2 word 2', '3 word 3'])
    })
  })

  it('with a connection that is lost is tried again', async () => {
    await there(
      sql`create sequence crm.tries`,
      sql`create table crm.people as select n as id, repeat('x', 500) as word, null::timestamptz as updated from generate_series(1, 100000) n`,
    )
    await inProject('table: crm.people', withWatermark, async (run) => {
      let isKilled = false
      const { node, events } = await run({
        onEvent(event) {
          if (event.type !== 'node_progress' || isKilled) return
          isKilled = true
          void there(sql`
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()`)
        },
      })
      expect(events.some(({ type }) => type === 'node_retried')).toBe(true)
      expect(node('t')).toMatchObject({ status: 'success', rows: 100_000 })
    })
  })

  it('with a value is told with row and column, or kept aside', async () => {
    await there(makePeople)
    const columns = withWatermark.replace('name: word, type: text', 'name: word, type: int')
    const failed = await inProject('table: crm.people', columns, (run) => run())
    expect(failed.node('t').message).toMatch(
      /crm\.people \(database test_\w+\):1 {2}word: invalid input syntax for type integer: "word 1"/,
    )
    const kept = await inProject(
      "table: crm.people\non_bad_row: quarantine\nbad_row_limit: '100%'",
      columns,
      (run) => run(),
    )
    expect(kept.node('t')).toMatchObject({ status: 'success', rows: 0, badRows: 3 })
  })

  it('by a cancel ends at once, with nothing left open there', async () => {
    await inProject(
      "query: select 1 as id, 'a' as word, null::timestamptz as updated from pg_sleep(60)",
      withWatermark,
      async (run) => {
        const stop = new AbortController()
        const running = run({ signal: stop.signal })
        await sleep(700)
        const before = Date.now()
        stop.abort()
        await running.catch(() => {})
        expect(Date.now() - before).toBeLessThan(4000)
        await expect.poll(connectionsThere, { timeout: 2000 }).toEqual([])
      },
    )
  })

  it('by its time limit is told', async () => {
    await inProject(
      "query: select 1 as id, 'a' as word, null::timestamptz as updated from pg_sleep(60)\nconfig: { timeout: 1s }",
      withWatermark,
      async (run) => {
        expect((await run()).node('t').message).toContain('statement timeout')
      },
    )
  })

  it('with the address never shows it', async () => {
    const secret = 'hunter2/x y'
    const { host, port, database: name } = crm.connection.target
    const url = `postgresql://nobody:${encodeURIComponent(secret)}@${host}:${port}/${name}`
    await inProject('table: crm.people', people, async (run, root) => {
      for (const CRM_URL of [url, `postgresql://nobody:${secret}@${host}:${port}/${name}`]) {
        const { result, events } = await run({ env: { CRM_URL } })
        expect(result.results[0]!.status).toBe('error')
        const { manifest } = await compileProject(root, database.connection, {
          env: { DATABASE_URL: database.url, CRM_URL },
        })
        expect(JSON.stringify([result, events, manifest])).not.toContain('hunter2')
      }
    })
  })
})
