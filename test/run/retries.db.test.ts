import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunEvent } from '../../src/core/run-event.ts'
import { type Connection, type SQLQuery, sql, unsafeSql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { makeUnreliableNetwork, type UnreliableNetwork } from '../warehouse/unreliable-network.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

const database = useProjectDatabase()

const run = (files: Files, options: ProjectRunOptions & { readonly connection?: Connection } = {}) => {
  const { connection = database.connection, ...rest } = options
  const all = { 'project.yml': projectFile, ...files }
  return withProject(all, (root) =>
    runProject(root, connection, { env: { DATABASE_URL: database.url }, ...rest }),
  )
}
const value = async (query: SQLQuery) => Object.values((await database.rows(query))[0] ?? {})[0]
const retriesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'node_retried' ? [event] : []))

/** Waits until a statement with this text is at work, and returns its backend. */
async function backendOf(text: string): Promise<number> {
  for (;;) {
    const pid = await value(sql`
      select pid from pg_stat_activity
      where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
        and query like ${`%${text}%`}
      limit 1`)
    if (typeof pid === 'number') return pid
    await sleep(10)
  }
}

const terminate = (pid: number) => database.rows(sql`select pg_terminate_backend(${pid})`)

beforeEach(async () => {
  await database.rows(sql`drop schema if exists analytics cascade`)
  await database.rows(sql`drop table if exists public.shared`)
})

describe('a node', () => {
  test('whose backend is terminated is built again, whatever it has left', async () => {
    const files = {
      'models/slow.sql':
        "{{ config(materialized='table', retry_delay=0.05, indexes=[{'columns': ['id']}]) }} select 1 as id, pg_sleep(0.5)::text as slow_one",
      'models/reader.sql': "{{ config(materialized='table') }} select id from {{ ref('slow') }}",
    }
    const killing = backendOf('slow_one').then(terminate)
    const { result, node, events } = await run(files)
    await killing
    expect(result).toMatchObject({ status: 'success', published: true })
    expect(node('slow')).toMatchObject({ status: 'success', attempts: 2 })
    expect(node('reader')).not.toHaveProperty('attempts')
    expect(retriesOf(events)).toMatchObject([
      { nodeId: 'model.shop.slow', attempt: 1, reason: expect.stringContaining('terminating connection') },
    ])
    expect(await value(sql`select id from analytics.reader`)).toBe(1)
    expect(
      await value(
        sql`select attempts from estimand.node_runs where run_id = ${result.runId} and node_id like '%slow'`,
      ),
    ).toBe(2)
  })

  test('that has an increment, a snapshot or a unit test half done begins those anew', async () => {
    const files = {
      'models/grown.sql':
        "{{ config(materialized='incremental', unique_key='id', retry_delay=0.05) }} select 1 as id, 'grown' as what",
      'models/after.yml': `
unit_tests:
  - name: doubles
    model: twice
    config: { retry_delay: 0.05 }
    given: [{ input: ref('grown'), rows: [{ id: 2 }] }]
    expect: { rows: [{ id: 4 }] }`,
      'models/twice.sql': "select id * 2 as id from {{ ref('grown') }}",
      'snapshots/kept.sql':
        "{% snapshot kept %}{{ config(unique_key='id', strategy='check', check_cols='all', retry_delay=0.05) }} select * from {{ ref('grown') }}{% endsnapshot %}",
    }
    await run(files)
    await database.rows(sql`
      create or replace function public.break_once() returns event_trigger language plpgsql as $$
      begin
        if exists (
          select from pg_event_trigger_ddl_commands()
          where object_identity ~ '(kept|grown)$' or object_identity ~ 'fixture__'
        ) and nextval('public.breaks') <= 3 then
          perform pg_terminate_backend(pg_backend_pid());
        end if;
      end $$`)
    await database.rows(sql`create sequence public.breaks`)
    await database.rows(
      sql`create event trigger breaks_once on ddl_command_end when tag in ('CREATE VIEW', 'CREATE TABLE AS') execute function public.break_once()`,
    )
    try {
      const { result, node, events } = await run(files)
      expect(result.problems).toEqual([])
      expect(result).toMatchObject({ status: 'success', published: true })
      expect(retriesOf(events)).toHaveLength(3)
      expect(node('doubles').status).toBe('pass')
      expect(await value(sql`select count(*)::int from analytics.grown`)).toBe(1)
    } finally {
      await database.rows(sql`drop event trigger breaks_once`)
      await database.rows(sql`drop sequence public.breaks`)
    }
  })

  test('in a deadlock with another one is built again; both succeed', async () => {
    await database.rows(sql`create table public.shared (id int, n int)`)
    await database.rows(sql`insert into public.shared values (1, 0), (2, 0)`)
    const hook = (first: number, second: number) =>
      `do $$ begin update public.shared set n = n + 1 where id = ${first}; perform pg_sleep(0.4); update public.shared set n = n + 1 where id = ${second}; end $$`
    const files = {
      'models/one.sql': `{{ config(materialized='table', pre_hook="${hook(1, 2)}") }} select 1 as id`,
      'models/two.sql': `{{ config(materialized='table', pre_hook="${hook(2, 1)}") }} select 1 as id`,
    }
    const { result, events } = await run(files)
    expect(result.status).toBe('success')
    expect(retriesOf(events)).toMatchObject([{ reason: 'deadlock detected' }])
    expect(await database.rows(sql`select n from public.shared`)).toEqual([{ n: 2 }, { n: 2 }])
  })

  test('is not tried again for what its SQL says, nor more often than its config does', async () => {
    const raise = (state: string) =>
      `do $$ begin raise exception 'again and again' using errcode = '${state}'; end $$`
    const files = {
      'models/wrong.sql': "{{ config(materialized='table') }} select 1 / 0 as id",
      'models/never.sql': `{{ config(retries=0, pre_hook="${raise('40001')}") }} select 1 as id`,
      'models/twice.sql': `{{ config(retries=1, retry_delay='10ms', pre_hook="${raise('40001')}") }} select 1 as id`,
      'models/unique.sql': `{{ config(pre_hook="${raise('23505')}") }} select 1 as id`,
    }
    const { node, events } = await run(files)
    expect(retriesOf(events).map(({ nodeId }) => nodeId)).toEqual(['model.shop.twice'])
    expect(node('twice')).toMatchObject({ status: 'error', attempts: 2 })
    for (const name of ['wrong', 'never', 'unique']) expect(node(name).status).toBe('error')
  })

  test('whose statement takes longer than its timeout fails, and others take their time', async () => {
    const files = {
      'models/a_hasty.sql':
        "{{ config(materialized='table', timeout='200ms') }} select pg_sleep(5)::text as x",
      'models/b_slow.sql': "{{ config(materialized='table') }} select pg_sleep(0.5)::text as x",
      'seeds/patient.csv': 'id\n1\n',
      'seeds/patient.yml': 'seeds: [{ name: patient, config: { timeout: 5m } }]',
    }
    const { node, events } = await run(files, { threads: 1 })
    expect(node('a_hasty')).toMatchObject({
      status: 'error',
      problem: {
        code: 'statement-timeout',
        message: 'a statement of a_hasty took longer than it may: 0.2 s',
      },
    })
    expect(retriesOf(events)).toEqual([])
    expect(node('b_slow').status).toBe('success')
    expect(node('patient').status).toBe('success')
  })
})

describe('batches', () => {
  test('are written again one by one, and no row twice', async () => {
    const day = "timestamptz '2026-01-01 00:00+00'"
    const files = {
      'models/events.sql': `{{ config(materialized='table', event_time='at') }} select ${day} + n * interval '1 hour' as at, n from generate_series(0, 71) as n`,
      'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='n', event_time='at', batch_size='day', begin='2026-01-01', retry_delay=0.05) }}
select *, pg_sleep(0.01)::text as daily_rows from {{ ref('events') }}`,
    }
    let kills = 0
    const stop = new AbortController()
    const killing = (async () => {
      while (kills < 2 && !stop.signal.aborted) {
        const pid = await value(sql`
          select pid from pg_stat_activity
          where datname = current_database() and state = 'active' and pid <> pg_backend_pid() and query like '%daily_rows%'
          limit 1`)
        if (typeof pid === 'number') {
          await terminate(pid)
          kills++
          await sleep(200)
        }
        await sleep(5)
      }
    })()
    const { result, events } = await run(files, { eventTime: { end: new Date('2026-01-04') } })
    stop.abort()
    await killing
    expect(result.problems).toEqual([])
    expect(result.status).toBe('success')
    expect(kills).toBe(2)
    expect(retriesOf(events)).toHaveLength(2)
    expect(
      await database.rows(sql`select count(*)::int, count(distinct n)::int as n from analytics.daily`),
    ).toEqual([{ count: 72, n: 72 }])
  })
})

describe('a run over a network that is cut', () => {
  let network: UnreliableNetwork
  beforeEach(async () => {
    network = await makeUnreliableNetwork(database.connection.target.port)
  })
  afterEach(() => network.close())
  const through = (): Connection => ({
    ...database.connection,
    target: { ...database.connection.target, host: '127.0.0.1', port: network.port },
  })
  const slow = (name: string, seconds: number) =>
    `{{ config(materialized='table', retry_delay=0.3, retries=5) }} select 1 as id, pg_sleep(${seconds})::text as ${name}`

  test('and refused for a while goes on when the server is there again', async () => {
    const files = {
      'models/one.sql': slow('cut_one', 0.6),
      'models/two.sql': slow('cut_two', 0.6),
      'models/both.sql': "select one.id from {{ ref('one') }} as one join {{ ref('two') }} as two using (id)",
    }
    const cutting = backendOf('cut_one').then(async () => {
      network.refuse()
      network.cut()
      await sleep(1000)
      await network.mend()
    })
    const { result, node } = await run(files, { connection: through() })
    await cutting
    expect(result.problems).toEqual([])
    expect(result).toMatchObject({ status: 'success', published: true })
    expect(node('one').attempts).toBeGreaterThan(1)
    expect(await value(sql`select count(*)::int from analytics.both`)).toBe(1)
    expect(await value(sql`select count(*)::int from estimand.leases`)).toBe(0)
  })

  test('without the server knowing ends what the server still does for it', async () => {
    const files = { 'models/one.sql': slow('half_open', 3) }
    const cutting = backendOf('half_open').then(async (pid) => {
      network.cut({ halfOpen: true })
      return pid
    })
    const { result } = await run(files, { connection: through() })
    const pid = await cutting
    expect(result.problems).toEqual([])
    expect(result.status).toBe('success')
    expect(await value(sql`select count(*)::int from pg_stat_activity where pid = ${pid}`)).toBe(0)
  })

  test.each([
    ['the version of the store', 'from estimand.migrations'],
    ['runs that were cut off', 'from estimand.runs where'],
    ['builds that are kept', 'delete from estimand.kept_builds'],
    ['what is there', 'pg_catalog.pg_class'],
    ['what is published', 'from estimand.publications'],
    ['definitions', 'from estimand.definitions'],
    ['its place in line', 'insert into estimand.leases'],
    ['its turn', 'set granted_at'],
    ['how to say that it has begun', 'insert into estimand.runs'],
    ['room to build in', 'create schema if not exists "estimand_build'],
    ['a witness of breakdowns', 'estimand_witness'],
  ])('while it looks for %s looks again, and leaves nothing behind', async (_what, text) => {
    const table = "{{ config(materialized='table') }} "
    const one = `${table}select 1 as id`
    const failed = await run({ 'models/one.sql': one, 'models/two.sql': `${table}select 1 / 0 as id` })
    expect(failed.result.status).toBe('failed')
    network.cutAnswerTo(text)
    const { result, events } = await run({ 'models/one.sql': one }, { connection: through() })
    expect(result.problems).toEqual([])
    expect(result).toMatchObject({ status: 'success', published: true })
    const asked = events.filter(
      (event) => event.type === 'log' && event.message.startsWith('the server is asked again: '),
    )
    expect(asked).toHaveLength(1)
    expect(await value(sql`select id from analytics.one`)).toBe(1)
    const schemas = [failed.result.buildSchema, result.buildSchema]
    expect(
      await database.rows(sql`
        select nspname::text as left from pg_namespace where nspname = any(${schemas}::text[])
        union all select node_id from estimand.kept_builds where run_id = ${failed.result.runId}::uuid
        union all select token::text from estimand.leases`),
    ).toEqual([])
  })

  test.each([
    ['settings', "'server_version_num'"],
    ['the counts of rows', 'pg_stat_force_next_flush'],
    ['schemas that are missing', 'where not exists (select from pg_catalog.pg_namespace'],
  ])('before a publication, while it asks for %s, publishes all the same', async (_what, text) => {
    const files = {
      'models/one.sql': "{{ config(materialized='table') }} select 1 as id",
      'models/two.sql': "{{ config(materialized='incremental') }} select id from {{ ref('one') }}",
    }
    await run(files)
    const { result } = await run(files, {
      connection: through(),
      fullRefresh: true,
      onEvent: ({ type }) => {
        if (type === 'publish_started') network.cutAnswerTo(text)
      },
    })
    expect(result.problems).toEqual([])
    expect(result).toMatchObject({ status: 'success', published: true })
  })

  const last = 'estimand.runs set published_at'
  test.each([
    ['run', 'before', [last]],
    ['run', 'after', [last, 'commit']],
    ['node', 'before', [last]],
    ['node', 'after', [last, 'commit']],
  ] as const)(
    'in a publication (publish: %s) %s the commit publishes once',
    async (publish, _moment, messages) => {
      const files = {
        'models/grown.sql': "{{ config(materialized='incremental') }} select 1 as id",
      }
      await run(files, { publish })
      let armed = false
      const { result } = await run(files, {
        publish,
        connection: through(),
        onEvent: (event) => {
          const isDone = event.type === 'publish_started' || event.type === 'node_started'
          if (!isDone || armed || (publish === 'run' && event.type !== 'publish_started')) return
          armed = true
          network.cutAnswerTo(...messages)
        },
      })
      expect(armed).toBe(true)
      expect(result.problems).toEqual([])
      expect(result).toMatchObject({ status: 'success', published: true })
      expect(await value(sql`select count(*)::int from analytics.grown`)).toBe(2)
    },
  )
})

describe('what a server loses when it breaks down', () => {
  /** As a crash does: connections end, and tables that are not logged are empty. */
  async function breakDown(): Promise<void> {
    const tables = await database.rows(sql`
      select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname like 'estimand_build%' and c.relpersistence = 'u' and c.relkind = 'r'`)
    await database.rows(sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name = 'estimand test'
        and query not like '%pg_terminate_backend%' and (query like '%breaking%' or state = 'idle')`)
    for (const { name } of tables) await database.rows(sql`truncate ${unsafeSql(String(name))}`)
  }

  const files = {
    'models/grown.sql': "{{ config(materialized='incremental', unique_key='id') }} select 1 as id",
    'models/breaking.sql':
      "{{ config(materialized='table', retry_delay=0.05) }} select id, pg_sleep(0.5)::text as breaking from {{ ref('grown') }}",
  }

  test('fails the run when it had been built, and publishes nothing', async () => {
    await run(files)
    const breaking = backendOf('breaking').then(breakDown)
    const { result, node } = await run(files)
    await breaking
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(node('breaking').problem).toMatchObject({ code: 'build-lost' })
  })

  test('is built again when it was only begun', async () => {
    // Elsewhere than on the embedded server, a commit that was answered is on disk.
    await database.rows(
      sql`alter database ${sql.ident(database.connection.target.database)} set synchronous_commit = on`,
    )
    const breaking = backendOf('breaking').then(breakDown)
    const { result } = await run(files)
    await breaking
    expect(result.problems).toEqual([])
    expect(result.status).toBe('success')
    expect(await value(sql`select count(*)::int from analytics.breaking`)).toBe(1)
  })

  test('may be any table where commits are answered before they are on disk', async () => {
    await database.rows(
      sql`alter database ${sql.ident(database.connection.target.database)} set synchronous_commit = off`,
    )
    const breaking = backendOf('breaking').then(breakDown)
    const { result, node } = await run({
      ...files,
      'models/grown.sql': "{{ config(materialized='table') }} select 2 as id",
    })
    await breaking
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(node('breaking').problem).toMatchObject({ code: 'build-lost' })
  })
})
