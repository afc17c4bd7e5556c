import { afterAll, beforeAll } from 'vitest'
import { openSession } from '../../src/warehouse/open-session.ts'
import type { PgSession } from '../../src/warehouse/pg-session.ts'
import type { Started } from '../cli/spawn-estimand.ts'
import { makeTestDatabase, type TestDatabase } from '../warehouse/test-database.ts'
import { useFaultProjects } from './fault-project.ts'
import { type Lane, makeLane } from './lane.ts'
import { type Barrier, countMoments, type Moment, makeBarrier } from './moments.ts'

/*
 * A lane for the tests of a file, on the server that all tests share: for faults that leave the server alone.
 */

export interface UsedLane {
  readonly lane: Lane
  readonly barrier: Barrier
  /** How many moments an undisturbed run has. */
  readonly moments: number
  /** How long it takes as a process, and how long of that it publishes and ends. */
  readonly runMs: number
  readonly publishMs: number
}

export function useLane(): () => UsedLane {
  const projects = useFaultProjects()
  let database: TestDatabase | undefined
  let session: PgSession | undefined
  let used: UsedLane | undefined
  beforeAll(async () => {
    database = await makeTestDatabase()
    session = (await openSession(database.connection, { applicationName: 'faults' })).session
    const lane = await makeLane(projects(), database.connection, database.url)
    used = { lane, barrier: makeBarrier(session), ...(await measure(lane)) }
  })
  afterAll(async () => {
    await used?.lane.close()
    await session?.close()
    await database?.drop()
  })
  return () => used!
}

/** An undisturbed run as a process, for its times and moments. */
export async function measure(lane: Lane): Promise<Pick<UsedLane, 'moments' | 'runMs' | 'publishMs'>> {
  await countMoments(lane.rows)
  const from = performance.now()
  const at = { publishing: from, end: from }
  await lane.recover('as a process', (started) => {
    void started.said(publishing).then(() => {
      at.publishing = performance.now()
    })
    void started.ended.then(() => {
      at.end = performance.now()
    })
  })
  const moments = await countMoments(lane.rows)
  return { moments, runMs: at.end - from, publishMs: at.end - at.publishing }
}

/** What a run says when everything has been built. */
export const publishing = /"type":"publish_started"/

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
