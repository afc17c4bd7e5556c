import { afterAll, beforeEach, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from '../run/run-project.ts'
import { amount, seeded, tell } from './seeded.ts'

/*
 * The clock of the machine that runs is hours before or after that of the server, between runs and within one. What is
 * published, who comes first, which intervals are built and what was left behind do not hang on it.
 */

const database = useProjectDatabase()
const hourMs = 3_600_000
let states = 0

afterAll(() => tell(`clock moved before and within runs, ${states} states checked`))
beforeEach(async () => {
  await database.rows(sql`drop schema if exists analytics cascade`)
  await database.rows(sql`drop schema if exists estimand cascade`)
})

const files: Files = {
  'project.yml': projectFile,
  'seeds/seed.csv': 'id\n1\n',
  'models/log.sql':
    "{{ config(materialized='incremental') }} select {{ var('run') }} as run from {{ ref('seed') }}",
  'models/days.sql': `{{ config(materialized='incremental', incremental_strategy='time_range', event_time='at', begin='2025-01-01', time_grain='year') }}
select timestamptz '2025-03-01' as at, {{ var('run') }} as run`,
  'snapshots/history.sql': `{% snapshot history %}{{ config(unique_key='id', strategy='check', check_cols=['run']) }}
select id, {{ var('run') }} as run from {{ ref('seed') }}{% endsnapshot %}`,
  'models/broken.sql':
    "{{ config(materialized='table') }} select 1 / {{ var('divisor', 1) }} as n from {{ ref('log') }}",
}

const run = (number: number, clock: () => Date, options: ProjectRunOptions = {}) =>
  withProject(files, (root) =>
    runProject(root, database.connection, {
      env: { DATABASE_URL: database.url },
      clock,
      ...options,
      vars: { run: number, ...options.vars },
    }),
  )

/** A clock that is so many hours ahead, and jumps by as many whenever it is read. */
function movedClock(aheadHours: number, jumpHours: number): () => Date {
  let ahead = aheadHours * hourMs
  return () => {
    const now = new Date(Date.now() + ahead)
    ahead += jumpHours * hourMs
    return now
  }
}

test('runs whose clocks jump publish in the order in which they came', async () => {
  const random = seeded(60)
  const hours = () => Math.round((random.uniform() - 0.5) * 48 * 10) / 10
  for (let number = 1; number <= amount(6, 60); number++) {
    const { result } = await run(number, movedClock(hours(), random.uniform() < 0.5 ? hours() / 100 : 0))
    expect(result.problems).toEqual([])
    expect(result).toMatchObject({ status: 'success', published: true })
    const [state] = await database.rows(sql`
      select
        (select array_agg(run order by run) from analytics.log) as log,
        (select array_agg(distinct run) from analytics.days) as days,
        (select array_agg(run) from analytics.history where dbt_valid_to is null) as current,
        (select count(*)::int from analytics.history) as versions,
        (select count(distinct run_id)::int from estimand.publications) as runs,
        (select bool_and(run_id = ${result.runId}) from estimand.publications) as "isNewest",
        (select count(*)::int from estimand.leases) as leases,
        (select count(*)::int from pg_namespace where nspname like 'estimand_build%') as schemas`)
    expect(state).toMatchObject({
      log: Array.from({ length: number }, (_, index) => index + 1),
      current: [number],
      versions: number,
      runs: 1,
      isNewest: true,
      leases: 0,
      schemas: 0,
    })
    states++
  }
})

test('a run from the future that failed is gone on with by a retry from the past, or cleared away by another run', async () => {
  for (const [first, second] of [
    [24, -24],
    [-24, 24],
  ] as const) {
    await run(1, movedClock(0, 0))
    const failed = await run(2, movedClock(first, 0), { vars: { divisor: 0 } })
    expect(failed.result).toMatchObject({ status: 'failed', published: false })
    const again = await run(2, movedClock(second, 0), { retryOf: failed.result.runId })
    expect(again.result).toMatchObject({ published: true, status: 'success' })
    const other = await run(3, movedClock(first, 0), { vars: { divisor: 0 } })
    expect(other.result.published).toBe(false)
    expect((await run(4, movedClock(second, 0))).result).toMatchObject({ status: 'success', published: true })
    expect(
      await database.rows(sql`
        select (select max(run) from analytics.log) as log,
          (select count(*)::int from estimand.kept_builds) as kept,
          (select count(*)::int from pg_namespace where nspname like 'estimand_build%') as schemas`),
    ).toEqual([{ log: 4, kept: 0, schemas: 0 }])
    states++
    await database.rows(sql`drop schema analytics, estimand cascade`)
  }
})

test('two that publish the same come one after the other, whatever their clocks say', async () => {
  await run(1, movedClock(0, 0))
  const [early, late] = [run(2, movedClock(24, 0)), run(3, movedClock(-24, 0))]
  for (const { result } of await Promise.all([early, late]))
    expect(result).toMatchObject({ status: 'success', published: true })
  expect(await database.rows(sql`select array_agg(run order by run) as runs from analytics.log`)).toEqual([
    { runs: [1, 2, 3] },
  ])
  expect(
    await database.rows(sql`select count(distinct run_id)::int as n from estimand.publications`),
  ).toEqual([{ n: 1 }])
  states++
})
