import { afterAll, beforeEach, expect, test } from 'vitest'
import type { RunEvent } from '../../src/core/run-event.ts'
import { type Connection, sql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { runProject, useProjectDatabase } from '../run/run-project.ts'
import { makeUnreliableNetwork } from '../warehouse/unreliable-network.ts'
import { amount, seeded, tell } from './seeded.ts'

/*
 * The connection is cut, or its backend ended, in the middle of a COPY: of a seed's rows, or a load's. The node is
 * built again and has every row once; where it may not be tried again the run fails, and nothing is there.
 */

const database = useProjectDatabase()
const counts = { cut: 0, terminated: 0, failed: 0, states: 0 }

afterAll(() =>
  tell(
    `${counts.cut} COPYs cut and ${counts.terminated} ended by the server, ${counts.failed} of them without another ` +
      `try; ${counts.states} states checked`,
  ),
)

beforeEach(() => database.rows(sql`drop schema if exists analytics cascade`))

const lines = 20_000
const csv = `id,words\n${Array.from({ length: lines }, (_, id) => `${id},the words of line ${id}\n`).join('')}`

const files = (retries: number): Files => ({
  'project.yml': projectFile,
  'seeds/seeded.csv': csv,
  'seeds/seeds.yml': `seeds: [{ name: seeded, config: { retries: ${retries}, retry_delay: 0.05 } }]`,
  'data/loaded.csv': csv,
  'pipelines/loaded.yml': `
loads:
  - name: loaded
    kind: csv
    file: data/loaded.csv
    tables:
      - name: loaded
        schema: analytics
        columns: [{ name: id, type: int }, { name: words, type: text }]
`,
  'models/both.sql': `{{ config(materialized='table') }}
select (select count(*)::int from {{ ref('seeded') }}) as n, (select sum(id)::int from {{ ref('seeded') }}) as total`,
})

const through = (port: number): Connection => ({
  ...database.connection,
  target: { ...database.connection.target, host: '127.0.0.1', port },
})

/** Ends the backends that copy; returns how many. */
async function endCopies(): Promise<number> {
  const ended = await database.rows(sql`
    select pg_terminate_backend(pid) from pg_stat_progress_copy where datname = current_database()`)
  return ended.length
}

/** Runs the project, and disturbs a COPY of a relation when so many bytes of it have been sent. */
async function disturbed(
  relation: 'seeded' | 'loaded',
  how: 'cut' | 'terminated',
  bytes: number,
  retries: number,
) {
  const network = await makeUnreliableNetwork(database.connection.target.port)
  let isDone = false
  // As only a COPY names it: the control session speaks of it, too, and is not to be cut in its place.
  network.after(`"${relation}" (`, bytes, (cut) => {
    isDone = true
    counts[how]++
    if (how === 'cut') cut()
    else void endCopies()
  })
  try {
    const { result, events } = await withProject(files(retries), (root) =>
      runProject(root, through(network.port), { env: { DATABASE_URL: database.url } }),
    )
    expect(isDone).toBe(true)
    return { result, retried: events.filter(isRetry).length }
  } finally {
    await network.close()
  }
}

const isRetry = ({ type }: RunEvent) => type === 'node_retried'

const what = (['seeded', 'loaded'] as const).flatMap((relation) =>
  (['cut', 'terminated'] as const).map((how) => [relation, how] as const),
)

test.each(what)(
  '%s, when its COPY is %s, has every row once',
  async (relation, how) => {
    const random = seeded(relation === 'seeded' ? 50 : 51)
    for (let index = 0; index < amount(2, 20); index++) {
      const { result, retried } = await disturbed(
        relation,
        how,
        Math.floor(random.uniform() * csv.length * 0.8),
        3,
      )
      expect(result.problems).toEqual([])
      expect(result).toMatchObject({ status: 'success', published: true })
      // A COPY that had all of its rows may have ended before its backend was.
      if (how === 'cut') expect(retried).toBeGreaterThan(0)
      expect(
        await database.rows(sql`
        select
          (select count(*)::int from analytics.seeded) as seeded,
          (select count(distinct id)::int from analytics.seeded) as keys,
          (select count(*)::int from analytics.loaded) as loaded,
          (select n from analytics.both) as n,
          (select count(*)::int from pg_namespace where nspname like 'estimand_build%') as schemas`),
      ).toEqual([{ seeded: lines, keys: lines, loaded: lines, n: lines, schemas: 0 }])
      counts.states++
    }
  },
  900_000,
)

test('a seed that may not be tried again fails, and nothing of the run is there', async () => {
  const random = seeded(52)
  for (let index = 0; index < amount(1, 10); index++) {
    const { result, retried } = await disturbed('seeded', 'cut', Math.floor(random.uniform() * csv.length), 0)
    expect(result).toMatchObject({ status: 'failed', published: false })
    expect(retried).toBe(0)
    expect(result.results.find(({ nodeId }) => nodeId.endsWith('.both'))!.status).toBe('skipped')
    expect(
      await database.rows(sql`
        select to_regclass('analytics.seeded') as seeded, to_regclass('analytics.loaded') as loaded`),
    ).toEqual([{ seeded: null, loaded: null }])
    counts.failed++
    counts.states++
  }
}, 7_200_000)
