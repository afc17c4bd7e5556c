import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { sql, withWarehouse } from '../../src/warehouse/index.ts'
import { makeTestDatabase, type TestDatabase } from '../warehouse/test-database.ts'
import { type FaultProject, relations, schema, useFaultProjects } from './fault-project.ts'
import { makeLane, type Outcome, startFaultRun } from './lane.ts'
import { amount, seeded, tell } from './seeded.ts'
import { kill, publishing, useLane } from './use-lane.ts'

/*
 * The runner is killed after a time: anywhere between its start and its end, while it publishes, and in the first run
 * of all, which makes the store.
 */

const used = useLane()
const projects = useFaultProjects()
const outcomes: Outcome[] = []
let firstChecks = 0

afterAll(() => {
  const after = outcomes.filter((outcome) => outcome === 'after').length
  tell(
    `runner killed at ${outcomes.length} times, after the publication at ${after}, ` +
      `${used().lane.checked() + firstChecks} states checked`,
  )
})

test('killed at any time, a run has published all or nothing, and the next one clears up', async () => {
  const { lane, runMs } = used()
  const random = seeded(3)
  const times = amount(3, 60)
  for (let index = 0; index < times; index++) {
    const started = lane.start()
    await Promise.race([sleep(runMs * (0.2 + ((index + random.uniform()) / times) * 0.9)), started.ended])
    await kill(started)
    await lane.quiet()
    outcomes.push(await lane.check())
    await lane.recover(index % 4 === 0 ? 'as a process' : 'here')
  }
}, 900_000)

test('killed while it publishes, too', async () => {
  const { lane, publishMs } = used()
  const random = seeded(4)
  const times = amount(4, 60)
  for (let index = 0; index < times; index++) {
    const started = lane.start()
    await started.said(publishing)
    await Promise.race([sleep(publishMs * ((index + random.uniform()) / times)), started.ended])
    await kill(started)
    await lane.quiet()
    outcomes.push(await lane.check())
    await lane.recover(index % 4 === 0 ? 'as a process' : 'here')
  }
}, 900_000)

test('killed in the first run of all, which makes the store', async () => {
  const { runMs } = used()
  const random = seeded(5)
  const times = amount(1, 20)
  for (let index = 0; index < times; index++) {
    const database = await makeTestDatabase()
    try {
      await killFirstRun(projects(), database, runMs * (0.3 + ((index + random.uniform()) / times) * 0.8))
    } finally {
      await database.drop()
    }
  }
}, 600_000)

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
      where n.nspname = ${schema} and c.relkind in ('r', 'v', 'm')`)
      return rows[0]!.n
    },
  )
  expect([0, relations.length]).toContain(there)
  outcomes.push(there === 0 ? 'before' : 'after')
  const lane = await makeLane(project, connection, url, there === 0 ? [] : [1])
  firstChecks += 1 + lane.checked()
  await lane.close()
}
