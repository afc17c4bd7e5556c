import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/core/problem.ts'
import type { RunEvent } from '../../src/core/run-event.ts'
import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

const database = useProjectDatabase()

const run = (files: Files, options: ProjectRunOptions = {}) =>
  withProject({ 'project.yml': projectFile, ...files }, (root) =>
    runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
  )
const value = async (query: SQLQuery) => Object.values((await database.rows(query))[0] ?? {})[0]
const startsOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) =>
    event.type === 'node_started' ? [event.nodeId.replace(/^model\.shop\./, '')] : [],
  )
const table = (query: string, config = '') => `{{ config(materialized='table'${config}) }} ${query}`

beforeEach(async () => {
  await database.rows(sql`drop schema if exists analytics cascade`)
  await database.rows(sql`drop schema if exists estimand cascade`)
})

describe('a pool', () => {
  test('limits how many of its nodes are at work, and nobody else', async () => {
    const heavy = Object.fromEntries(
      Array.from({ length: 6 }, (_, n) => [
        `models/heavy_${n}.sql`,
        table(`select pg_sleep(0.15)::text as in_pool`, ", pool='heavy'"),
      ]),
    )
    const light = Object.fromEntries(
      Array.from({ length: 4 }, (_, n) => [
        `models/light_${n}.sql`,
        table('select pg_sleep(0.15)::text as outside'),
      ]),
    )
    const stop = new AbortController()
    const seen = { pool: 0, all: 0 }
    const watching = (async () => {
      while (!stop.signal.aborted) {
        const [row] = await database.rows(sql`
          select count(*) filter (where query like '%in_pool%')::int as pool, count(*)::int as all
          from pg_stat_activity
          where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
            and query like '%pg_sleep(0.15)%'`)
        seen.pool = Math.max(seen.pool, Number(row!['pool']))
        seen.all = Math.max(seen.all, Number(row!['all']))
      }
    })()
    const project = projectFile.replace('threads: 3', 'threads: 6').concat('pools: { heavy: 2 }\n')
    let atWork = 0
    let most = 0
    const { result } = await run(
      { 'project.yml': project, ...heavy, ...light },
      {
        threads: 6,
        onEvent: (event) => {
          if (event.type === 'node_started' && event.nodeId.includes('heavy')) most = Math.max(most, ++atWork)
          if (event.type === 'node_finished' && event.result.nodeId.includes('heavy')) atWork--
        },
      },
    )
    stop.abort()
    await watching
    expect(result.status).toBe('success')
    expect(most).toBe(2)
    expect(seen.pool).toBeGreaterThan(0)
    expect(seen.pool).toBeLessThanOrEqual(2)
    expect(seen.all).toBeGreaterThan(2)
  })

  test('limits also the batches of one of its nodes', async () => {
    const project = projectFile.concat('pools: { narrow: 1 }\n')
    const files = {
      'project.yml': project,
      'models/events.sql': table(
        "select timestamptz '2026-01-01 00:00+00' + n * interval '1 day' as at, n from generate_series(0, 5) as n",
        ", event_time='at'",
      ),
      'models/daily.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='n', event_time='at', batch_size='day', begin='2026-01-01', pool='narrow', concurrent_batches=true) }}
select *, pg_sleep(0.05)::text as narrow_batch from {{ ref('events') }}`,
    }
    const stop = new AbortController()
    let most = 0
    const watching = (async () => {
      while (!stop.signal.aborted) {
        const now = await value(sql`
          select count(*)::int from pg_stat_activity
          where datname = current_database() and state = 'active' and pid <> pg_backend_pid() and query like '%narrow_batch%'`)
        most = Math.max(most, Number(now))
      }
    })()
    const { result } = await run(files, { threads: 4, eventTime: { end: new Date('2026-01-07') } })
    stop.abort()
    await watching
    expect(result.status).toBe('success')
    expect(most).toBe(1)
  })

  test('has to be one that the project declares', async () => {
    const refused = run({
      'project.yml': projectFile.concat('pools: { heavy: 2 }\n'),
      'models/m.sql': table('select 1 as id', ", pool='havy'"),
    })
    await expect(refused).rejects.toThrow(ProblemError)
    await expect(refused).rejects.toThrow("model 'm': there is no pool 'havy'")
  })
})

describe('the order in which nodes begin', () => {
  test('is by the longest chain before them, as earlier runs have told', async () => {
    const files = {
      'models/a_quick.sql': table('select 1 as id'),
      'models/b_quick.sql': table('select 1 as id'),
      'models/c_chain.sql': table('select 1 as id'),
      'models/d_chained.sql': table("select * from {{ ref('c_chain') }}"),
      'models/z_slow.sql': table('select pg_sleep(0.6)::text as x'),
    }
    const first = await run(files, { threads: 1 })
    expect(startsOf(first.events)).toEqual(['c_chain', 'a_quick', 'b_quick', 'd_chained', 'z_slow'])
    const second = await run(files, { threads: 1 })
    expect(startsOf(second.events)[0]).toBe('z_slow')
    expect(second.result.results.map(({ nodeId }) => nodeId)).toEqual(
      first.result.results.map(({ nodeId }) => nodeId),
    )
  })
})

describe('on_error', () => {
  const working = {
    'models/base.sql': table('select 1 as id'),
    'models/child.sql': table("select id from {{ ref('base') }}"),
    'models/other.sql': table('select {{ var("n", 1) }} as n'),
  }
  const broken = (onError: string, more = {}) => ({
    ...working,
    'models/base.sql': table('select 1 / (1 - 1) as id', `, on_error='${onError}'`),
    ...more,
  })

  test('skip_children skips what reads the node, and nothing is published', async () => {
    await run(working)
    const { result, node } = await run(broken('skip_children'), { vars: { n: 2 } })
    expect(node('child')).toMatchObject({ status: 'skipped', message: 'base failed' })
    expect(node('other').status).toBe('success')
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(await value(sql`select n from analytics.other`)).toBe(1)
  })

  test('continue lets them read what is published, and publishes all but the node; the run has failed', async () => {
    await run(working)
    await database.rows(sql`update analytics.base set id = 7`)
    const { result, node } = await run(broken('continue'), { vars: { n: 2 } })
    expect(node('base').status).toBe('error')
    expect(node('child').status).toBe('success')
    expect(result).toMatchObject({ status: 'failed', published: true, problems: [] })
    expect(await value(sql`select id from analytics.child`)).toBe(7)
    expect(await value(sql`select n from analytics.other`)).toBe(2)
    expect(await value(sql`select id from analytics.base`)).toBe(7)
    expect(
      await value(sql`select count(*)::int from estimand.publications where run_id = ${result.runId}`),
    ).toBe(2)
  })

  test('continue skips them where nothing of the node is published, and publishes the others', async () => {
    const { result, node } = await run(broken('continue'))
    expect(node('child')).toMatchObject({
      status: 'skipped',
      message: 'base failed, and nothing of it is published',
    })
    expect(result).toMatchObject({ status: 'failed', published: true })
    expect(await value(sql`select n from analytics.other`)).toBe(1)
    expect(await value(sql`select to_regclass('analytics.child')::text`)).toBeNull()
  })

  test('continue of one does not excuse another', async () => {
    await run(working)
    const more = { 'models/second.sql': table('select 1 / (1 - 1) as id') }
    const { result } = await run(broken('continue', more), { vars: { n: 2 } })
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(await value(sql`select n from analytics.other`)).toBe(1)
  })

  test('stop lets nothing more begin, and so does --fail-fast whatever a node says', async () => {
    const files = { ...broken('stop'), 'models/z_last.sql': table('select 1 as id') }
    const stopped = await run(files, { threads: 1 })
    expect(stopped.node('z_last')).toMatchObject({ status: 'skipped', message: 'the run was stopped' })
    const failedFast = await run({ ...files, ...broken('continue') }, { threads: 1, failFast: true })
    expect(failedFast.node('z_last').status).toBe('skipped')
    expect(failedFast.result.published).toBe(false)
  })

  test('continue is nothing that a test may say', async () => {
    const files = {
      ...working,
      'models/y.yml':
        'models: [{ name: base, columns: [{ name: id, tests: [{ not_null: { config: { on_error: continue } } }] }] }]',
    }
    await expect(run(files)).rejects.toThrow('on_error must be one of skip_children, stop')
  })
})

describe('two runs', () => {
  const slow = (name: string, seconds: number) => ({
    [`models/${name}.sql`]: table(`select pg_sleep(${seconds})::text as ${name}_rows`),
  })

  test('that publish some of the same come one after the other', async () => {
    const files = { ...slow('shared', 0.5), ...slow('more', 0.1) }
    const waits: RunEvent[] = []
    const spans: { readonly from: number; readonly to: number }[] = []
    const one = async (select: readonly string[]) => {
      let from = 0
      const { result } = await run(files, {
        select,
        onEvent: (event) => {
          if (event.type === 'waiting_for_lock') waits.push(event)
          if (event.type === 'run_started') from = performance.now()
          if (event.type === 'run_finished') spans.push({ from, to: performance.now() })
        },
      })
      return result.status
    }
    expect(await Promise.all([one(['shared']), one(['shared', 'more'])])).toEqual(['success', 'success'])
    expect(waits).toMatchObject([
      {
        holder: expect.stringMatching(
          /^estimand build by tester on here, process \d+, since .*; both publish analytics\.shared$/,
        ),
        holders: [{ relations: ['analytics.shared'] }],
      },
    ])
    expect(spans[1]!.from).toBeGreaterThan(spans[0]!.to)
  })

  test('that have nothing in common are at work at once, also where one reads what the other publishes', async () => {
    const files = {
      ...slow('left', 0.4),
      'models/right.sql': table("select *, pg_sleep(0.4)::text as y from {{ ref('left') }}"),
    }
    await run(files)
    const events: string[] = []
    const one = (select: string) =>
      run(files, {
        select: [select],
        waitMs: 0,
        onEvent: (event) => {
          if (event.type === 'node_started' || event.type === 'node_finished') events.push(event.type)
        },
      })
    const [left, right] = await Promise.all([one('left'), one('right')])
    expect([left.result.status, right.result.status]).toEqual(['success', 'success'])
    expect(events.slice(0, 2)).toEqual(['node_started', 'node_started'])
  })

  test('of which one only tests do not wait for each other', async () => {
    const files = {
      ...slow('shared', 0.6),
      'tests/fine.sql': "select * from {{ ref('shared') }} where false",
    }
    await run(files)
    const building = run(files, { select: ['shared'] })
    await sleep(200)
    const { result } = await run(files, { select: ['fine'], waitMs: 0 })
    expect(result.status).toBe('success')
    expect((await building).result.status).toBe('success')
  })

  test('of which one is refused leave no trace of that', async () => {
    const files = slow('shared', 0.5)
    const building = run(files)
    await expect.poll(() => value(sql`select count(*)::int from estimand.leases`).catch(() => 0)).toBe(1)
    await expect(run(files, { waitMs: 0 })).rejects.toThrow(/another run is at work on schema "analytics"/)
    expect((await building).result.status).toBe('success')
    expect(await value(sql`select count(*)::int from estimand.runs`)).toBe(1)
    expect(await value(sql`select count(*)::int from estimand.leases`)).toBe(0)
  })
})
