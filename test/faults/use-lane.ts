import { inspect } from 'node:util'
import { afterAll, beforeAll } from 'vitest'
import { openSession } from '../../src/warehouse/open-session.ts'
import type { PgSession } from '../../src/warehouse/pg-session.ts'
import { buildIfStale, type Started } from '../cli/spawn-estimand.ts'
import { makeTestDatabase, type TestDatabase } from '../warehouse/test-database.ts'
import { type FaultProject, useFaultProjects } from './fault-project.ts'
import { type Lane, makeLane } from './lane.ts'
import { type Barrier, countMoments, type Moment, makeBarrier } from './moments.ts'
import { tell } from './seeded.ts'
import { useSkipAfterFailure } from './skip-after-failure.ts'

/*
 * Lanes for the tests of a file, on the server that all tests share: for faults that leave the server alone. Much of
 * the time of a lane is spent waiting, for the dead to be gone, so several are at work at once.
 */

export interface UsedLane {
  readonly lane: Lane
  readonly barrier: Barrier
  /** How many moments an undisturbed run has. */
  readonly moments: number
  /** How long a run takes once its process is ready, and how long of that it publishes and ends. */
  readonly runMs: number
  readonly publishMs: number
}

interface OpenLane extends UsedLane {
  readonly close: () => Promise<void>
}

/** Makes lanes before the tests of a file and takes them away after. */
export function useLanes(count: number): () => readonly UsedLane[] {
  const projects = useFaultProjects()
  useSkipAfterFailure()
  let open: OpenLane[] = []
  beforeAll(async () => {
    buildIfStale()
    open = await Promise.all(Array.from({ length: count }, () => openLane(projects())))
  })
  afterAll(async () => {
    await Promise.all(open.map(({ close }) => close()))
  })
  return () => open
}

/** One lane for all tests of a file. */
export function useLane(): () => UsedLane {
  const lanes = useLanes(1)
  return () => lanes()[0]!
}

async function openLane(project: FaultProject): Promise<OpenLane> {
  const database: TestDatabase = await makeTestDatabase()
  const { session }: { session: PgSession } = await openSession(database.connection, {
    applicationName: 'faults',
  })
  const lane = await makeLane(project, database.connection, database.url)
  const barrier = makeBarrier(session)
  return {
    ...{ lane, barrier, ...(await measure(lane)) },
    close: async () => {
      await lane.close()
      await session.close()
      await database.drop()
    },
  }
}

/**
 * Hands the items to the lanes, each of which takes the next when it is done with one. The first failure is told at
 * once, in full, and the others end with what they are at.
 */
export async function overLanes<T>(
  lanes: readonly UsedLane[],
  items: readonly T[],
  body: (used: UsedLane, item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const failures: unknown[] = []
  await Promise.all(
    lanes.map(async (used) => {
      while (failures.length === 0 && next < items.length) {
        const index = next++
        try {
          await body(used, items[index]!, index)
        } catch (error) {
          failures.push(error)
          tell(
            `failed with ${items[index]}, number ${index + 1} of ${items.length}: ${inspect(error, { depth: 8 })}`,
          )
        }
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
}

/** How many states were compared with what they have to be. */
export function statesChecked(lanes: readonly UsedLane[]): number {
  return lanes.reduce((sum, { lane }) => sum + lane.checked(), 0)
}

/** An undisturbed run, for its times and moments. */
export async function measure(lane: Lane): Promise<Pick<UsedLane, 'moments' | 'runMs' | 'publishMs'>> {
  await countMoments(lane.rows)
  const from = performance.now()
  const started = lane.start()
  await started.said(publishing)
  const publishingAt = performance.now()
  await started.ended
  const end = performance.now()
  const moments = await countMoments(lane.rows)
  await lane.quiet()
  await lane.check()
  return { moments, runMs: end - from, publishMs: end - publishingAt }
}

/** What a run says when everything has been built. */
export const publishing = /"name":"PublishStarted"/

/** Starts a run and kills it when the server comes to a moment, whose backend goes on waiting; null if it never does. */
export async function killAt(
  { lane, barrier }: Pick<UsedLane, 'lane' | 'barrier'>,
  moment: Moment,
): Promise<number | null> {
  await barrier.arm(moment)
  const started = lane.start()
  const processId = await barrier.paused(isOver(started))
  await kill(started)
  return processId
}

/** Ends a process without giving it a word. */
export async function kill(started: Started): Promise<void> {
  started.process.kill('SIGKILL')
  await started.ended
}

/** Whether a process has ended. */
export function isOver(started: Started): () => boolean {
  let over = false
  void started.ended.then(() => {
    over = true
  })
  return () => over
}
