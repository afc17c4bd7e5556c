import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { sql, withWarehouse } from '../../src/warehouse/index.ts'
import { makeTestDatabase, type TestDatabase } from '../warehouse/test-database.ts'
import { type FaultProject, furtherTables, relations, schema, useFaultProjects } from './fault-project.ts'
import { makeLane, type Outcome, startFaultRun } from './lane.ts'
import { amount, seeded, tell } from './seeded.ts'
import { kill, overLanes, publishing, statesChecked, useLanes } from './use-lane.ts'

/*
 * The runner is killed after a time: anywhere between its start and its end, while it publishes, and in the first run
 * of all, which makes the store.
 */

const lanes = useLanes(amount(2, 4))
const projects = useFaultProjects()
const outcomes: Outcome[] = []
let firstChecks = 0

afterAll(() => {
  const after = outcomes.filter((outcome) => outcome === 'after').length
  tell(
    `runner killed at ${outcomes.length} times, after the publication at ${after}, ` +
      `${statesChecked(lanes()) + firstChecks} states checked`,
  )
})

/** Fractions of a time, one from each part of it. */
function fractions(stream: number, count: number): number[] {
  const random = seeded(stream)
  return Array.from({ length: count }, (_, index) => (index + random.uniform()) / count)
}

test('killed at any time, a run has published all or nothing, and the next one clears up', async () => {
  await overLanes(lanes(), fractions(3, amount(3, 40)), async ({ lane, runMs }, fraction, index) => {
    const started = lane.start()
    await Promise.race([sleep(runMs * fraction), started.ended])
    await kill(started)
    await lane.quiet()
    outcomes.push(await lane.check())
    if (index % 3 === 0) await lane.recover('here')
  })
  await Promise.all(lanes().map(({ lane }) => lane.recover('as a process')))
}, 7_200_000)

test('killed while it publishes, too', async () => {
  await overLanes(lanes(), fractions(4, amount(4, 40)), async ({ lane, publishMs }, fraction, index) => {
    const started = lane.start()
    await started.said(publishing)
    await Promise.race([sleep(publishMs * fraction), started.ended])
    await kill(started)
    await lane.quiet()
    outcomes.push(await lane.check())
    if (index % 3 === 0) await lane.recover('here')
  })
  await Promise.all(lanes().map(({ lane }) => lane.recover('here')))
}, 7_200_000)

test('killed in the first run of all, which makes the store', async () => {
  await overLanes(lanes(), fractions(5, amount(1, 12)), async ({ runMs }, fraction) => {
    const database = await makeTestDatabase()
    try {
      await killFirstRun(projects(), database, startMs + runMs * fraction)
    } finally {
      await database.drop()
    }
  })
}, 7_200_000)

/** How long the command takes to start, more or less. */
const startMs = 300

async function killFirstRun(
  project: FaultProject,
  { connection, url }: TestDatabase,
  afterMs: number,
): Promise<void> {
  project.setRun(1)
  const started = startFaultRun(project, url, { run: 1 })
  await Promise.race([sleep(afterMs), started.ended])
  await kill(started)
  const there = await withWarehouse(
    connection,
    { threads: 1, applicationName: 'faults' },
    async (warehouse) => {
      const { rows } = await warehouse.query<{ n: number }>(sql`
      select count(*)::int as n
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${schema} and c.relkind in ('r', 'v', 'm') and c.relname not like ${furtherTables}`)
      return rows[0]!.n
    },
  )
  expect([0, relations.length]).toContain(there)
  outcomes.push(there === 0 ? 'before' : 'after')
  const lane = await makeLane(project, connection, url, there === 0 ? [] : [1])
  firstChecks += 1 + lane.checked()
  await lane.close()
}
