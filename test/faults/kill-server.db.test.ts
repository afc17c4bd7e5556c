import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectWarehouse, publish, sql } from '../../src/warehouse/index.ts'
import { openSession } from '../../src/warehouse/open-session.ts'
import { useFaultProjects } from './fault-project.ts'
import { type FaultServer, startFaultServer } from './fault-server.ts'
import { type Lane, makeLane, type Outcome } from './lane.ts'
import { commitMoment, type Moment, makeBarrier } from './moments.ts'
import { amount, seeded, spread, tell } from './seeded.ts'
import { useSkipAfterFailure } from './skip-after-failure.ts'
import { isOver, measure, publishing } from './use-lane.ts'

/*
 * The server is killed, all of its processes at once, or one of them, upon which it ends the others and recovers while
 * the runner lives on.
 */

const projects = useFaultProjects()
useSkipAfterFailure()
let server: FaultServer
let lane: Lane
let measured: Awaited<ReturnType<typeof measure>>
const outcomes: Outcome[] = []
let survived = 0

beforeAll(async () => {
  server = await startFaultServer()
  lane = await makeLane(projects(), server.connection, server.url)
  measured = await measure(lane)
})

afterAll(async () => {
  await lane?.close()
  await server?.stop()
  const after = outcomes.filter((outcome) => outcome === 'after').length
  tell(
    `server killed at ${outcomes.length} moments, after the publication at ${after}; ` +
      `${survived} runs went on and ended well; ${lane.checked()} states checked`,
  )
})

/** Waits for a run whose server went away, and looks at what it left; a run that says all is well has to be right. */
async function checkAfter(started: ReturnType<Lane['start']>): Promise<void> {
  await server.comeBack()
  const { code } = await started.ended
  await lane.rows(sql`delete from faults.pause`)
  await lane.quiet()
  const outcome = await lane.check()
  outcomes.push(outcome)
  if (code === 0) {
    survived++
    expect(outcome).toBe('after')
  }
}

/** Starts a run and kills at a moment: everything, or the backend that is at it. */
async function killServerAt(moment: Moment, what: 'server' | 'backend'): Promise<void> {
  const { session } = await openSession(server.connection, { applicationName: 'faults' })
  const barrier = makeBarrier(session)
  await barrier.arm(moment)
  const started = lane.start()
  const processId = await barrier.paused(isOver(started))
  if (what === 'server') await server.kill()
  else if (processId !== null) server.killProcess(processId)
  await session.close()
  await checkAfter(started)
}

test('killed at named moments, it has all or nothing of a run, and the next run clears up', async () => {
  const chosen = spread(seeded(6), amount(1, 12), measured.moments)
  for (const [index, moment] of chosen.entries()) {
    await killServerAt({ moment }, 'server')
    await lane.recover(index % 4 === 0 ? 'as a process' : 'here')
  }
}, 7_200_000)

test('the same when one backend dies and the server recovers by itself', async () => {
  const chosen = spread(seeded(7), amount(1, 12), measured.moments)
  for (const moment of chosen) {
    await killServerAt({ moment }, 'backend')
    await lane.recover('here')
  }
}, 7_200_000)

test('the same at the commit of a publication', async () => {
  await killServerAt({ what: commitMoment }, 'server')
  expect(outcomes.at(-1)).toBe('before')
  await lane.recover('here')
})

test('killed while runs publish', async () => {
  const random = seeded(8)
  const times = amount(1, 12)
  for (let index = 0; index < times; index++) {
    const started = lane.start()
    await started.said(publishing)
    await sleep(measured.publishMs * ((index + random.uniform()) / times))
    await server.kill()
    await checkAfter(started)
    await lane.recover('here')
  }
}, 7_200_000)

test('what a run said it has published is there after a crash right at its end', async () => {
  const times = amount(1, 5)
  for (let index = 0; index < times; index++) {
    const started = lane.start()
    await started.said(/"name":"PublishFinished"/)
    await server.kill()
    await checkAfter(started)
    expect(outcomes.at(-1)).toBe('after')
    await lane.recover('here')
  }
}, 7_200_000)

test('a crash while the run asks nothing of the server does not go unnoticed', async () => {
  // Tables of a run that are not logged are empty afterwards, and its lock is gone.
  let crashed = false
  let isPublishing = false
  const crash = async (): Promise<void> => {
    if (crashed) return
    crashed = true
    await server.kill()
    await server.comeBack()
  }
  const running = lane.runHere({
    between: (warehouse) => ({
      ...warehouse,
      withSession: async (body) => {
        if (isPublishing) await crash()
        return warehouse.withSession(body)
      },
    }),
    onEvent: ({ type }) => {
      isPublishing ||= type === 'publish_started'
    },
  })
  const { result } = await running
  expect(result.problems.map(({ code }) => code)).toEqual(['build-lost'])
  outcomes.push(await lane.check())
  expect(outcomes.at(-1)).toBe('before')
  await lane.recover('here')
})

test('an increment is there after a crash right after its commit', async () => {
  const delta = { schema: 'bi', identifier: 'delta' }
  const published = { schema: 'bi', identifier: 'grown' }
  const common = { build: delta, published, strategy: 'append' as const, uniqueKey: [], columns: ['n'] }
  await lane.rows(sql`create table bi.grown (n int)`)
  await lane.rows(sql`create table bi.delta as select 1 as n`)
  const options = { threads: 1, applicationName: 'faults' }
  const warehouse = await connectWarehouse(server.connection, options)
  const processes = server.processes()
  await publish(warehouse, [{ kind: 'apply-delta', ...common }])
  await server.kill(processes)
  await warehouse.close()
  await server.comeBack()
  expect(await lane.rows(sql`select n from bi.grown`)).toEqual([{ n: 1 }])
  await lane.rows(sql`drop table bi.grown, bi.delta`)
})
