import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import { openSession } from '../../src/warehouse/open-session.ts'
import type { PgSession } from '../../src/warehouse/pg-session.ts'
import { buildIfStale, type Started } from '../cli/spawn-estimand.ts'
import { runProject } from '../run/run-project.ts'
import { makeTestDatabase, type TestDatabase } from '../warehouse/test-database.ts'
import { schema, useFolders } from './fault-project.ts'
import { expectSuccess, untilQuiet } from './lane.ts'
import {
  type Barrier,
  commitMoment,
  countMoments,
  installMoments,
  type Moment,
  makeBarrier,
} from './moments.ts'
import type { Rows } from './published-state.ts'
import { makeReadyRunners } from './ready-runners.ts'
import { amount, inPart, seeded, spread, tell } from './seeded.ts'
import { useSkipAfterFailure } from './skip-after-failure.ts'
import { isOver, kill } from './use-lane.ts'

/*
 * The client that takes a publication back is killed at named moments: all of that is taken back then, or nothing.
 */

const files = {
  'project.yml': `
name: rollbacks
version: '1.0'
target: test
keep_publications: 1
targets:
  test: { engine: postgres, url: "{{ env_var('DATABASE_URL') }}", schema: ${schema}, threads: 3 }
`,
  'models/totals.sql': `
{{ config(materialized='table') }}
select run_number, '{{ invocation_id }}' as run_id from {{ ref('numbers') }}
`,
  'models/items.sql': `
{{ config(materialized='table', indexes=[{'columns': ['run_number']}]) }} select * from {{ ref('totals') }}
`,
  'models/grown.sql': `
{{ config(materialized='incremental', unique_key='slot') }} select 1 as slot, totals.* from {{ ref('totals') }}
`,
  'models/report.sql': "select *, {{ var('run') }} as code_number from {{ ref('items') }}\n",
  'models/filled.sql': "{{ config(materialized='materialized_view') }} select * from {{ ref('report') }}\n",
}

const folders = useFolders()
const runners = makeReadyRunners(1)
let root = ''
let database: TestDatabase
let session: PgSession
let barrier: Barrier
let run = 0
let tried = 0
let undone = 0
let checked = 0

const rows: Rows = async (query) => (await session.query(query)).rows

useSkipAfterFailure()

beforeAll(async () => {
  buildIfStale()
  database = await makeTestDatabase()
  session = (await openSession(database.connection, { applicationName: 'faults' })).session
  barrier = makeBarrier(session)
  root = folders(files)
  await publishNext()
  await installMoments(rows, schema)
})

afterAll(async () => {
  runners.close()
  await session?.close()
  await database?.drop()
  tell(
    `client of a rollback killed at ${tried} moments, after its end at ${undone}, ${checked} states checked`,
  )
})

/** Publishes what no run before has published. */
async function publishNext(): Promise<void> {
  run++
  writeFileSync(join(root, 'seeds', 'numbers.csv'), `run_number\n${run}\n`)
  const { result } = await runProject(root, database.connection, {
    vars: { run },
    env: { DATABASE_URL: database.url },
    keepPublications: 1,
  })
  expect(result).toMatchObject({ status: 'success', published: true, problems: [] })
  expect(result.results.map(({ status }) => status)).not.toContain('reused')
}

function startRollback(): Started {
  return runners.start(root, ['rollback'], { DATABASE_URL: database.url })
}

/** Which runs' relations stand, of all that readers and the store know of them; with one number when they agree. */
async function standing(): Promise<unknown> {
  const [row] = await rows(sql`
    with
      totals as (select * from ${sql.ident(schema, 'totals')}),
      relations (run_number, run_id) as (
        select run_number, run_id from totals
        union all select run_number, run_id from ${sql.ident(schema, 'items')}
        union all select run_number, run_id from ${sql.ident(schema, 'grown')}
        union all select run_number, run_id from ${sql.ident(schema, 'report')}
        union all select code_number, run_id from ${sql.ident(schema, 'report')}
        union all select run_number, run_id from ${sql.ident(schema, 'filled')}
        union all select run_number, (select run_id from totals) from ${sql.ident(schema, 'numbers')}
        union all select (select run_number from totals), run_id::text from estimand.publications
      )
    select
      (select jsonb_agg(distinct run_number) from relations) as runs,
      (select count(distinct run_id)::int from relations) as ids,
      (select count(*)::int from relations) as relations,
      (select count(*)::int from estimand.kept_publications) as kept,
      (select count(*)::int from pg_catalog.pg_namespace where starts_with(nspname, 'estimand_kept')) as schemas,
      (select count(*)::int from pg_catalog.pg_namespace where starts_with(nspname, 'estimand_build')) as builds,
      (select count(*)::int from pg_catalog.pg_indexes where schemaname = ${schema}) as indexes,
      (select count(*)::int from estimand.runs where command = 'rollback') as rollbacks,
      (select count(*)::int from estimand.runs where rolled_back_at is not null) as taken_back`)
  return row
}

/** What stands when a number of publications was taken back, the last one or not. */
function stands(number: number, takenBack: number, isKept: boolean): object {
  const kept = isKept ? 1 : 0
  return {
    ...{ runs: [number], ids: 1, relations: 13, kept, schemas: kept, builds: 0, indexes: 1 },
    ...{ rollbacks: takenBack, taken_back: takenBack },
  }
}

let takenBack = 0

/** Publishes, has the client killed that takes it back, and takes it back if it was not. */
async function killRollbackAt(moment: Moment): Promise<'before' | 'after'> {
  await publishNext()
  expect(await standing()).toEqual(stands(run, takenBack, true))
  await barrier.arm(moment)
  const started = startRollback()
  await barrier.paused(isOver(started))
  await kill(started)
  await barrier.release()
  await untilQuiet(rows)
  tried++
  const found = (await standing()) as { runs: number[] }
  const outcome = found.runs[0] === run ? 'before' : 'after'
  if (outcome === 'before') {
    expect(found).toEqual(stands(run, takenBack, true))
    expectSuccess(await startRollback().ended)
    await untilQuiet(rows)
  } else undone++
  takenBack++
  expect(await standing()).toEqual(stands(1, takenBack, false))
  checked += outcome === 'before' ? 3 : 2
  return outcome
}

test('killed at named moments, a rollback has taken back all or nothing, and can be had again', async () => {
  await publishNext()
  await countMoments(rows)
  expectSuccess(await startRollback().ended)
  takenBack++
  const moments = await countMoments(rows)
  expect(await standing()).toEqual(stands(1, takenBack, false))
  expect(moments).toBeGreaterThan(20)
  const chosen = inPart(spread(seeded(9), amount(3, moments), moments))
  for (const moment of chosen) await killRollbackAt({ moment })
}, 7_200_000)

test('killed at its commit, it has happened: the server hears of it only afterwards', async () => {
  expect(await killRollbackAt({ what: commitMoment })).toBe('after')
})
