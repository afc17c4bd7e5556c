import { setTimeout as sleep } from 'node:timers/promises'
import { makeWorker, type WorkerEvent } from '../schedule/worker.ts'
import type { DagRun } from '../store/dags/index.ts'
import type { CommandContext } from './command-context.ts'
import { makeExecuteStep, stepPlace } from './dag-step.ts'
import { observeRuns } from './observe-runs.ts'
import type { OpenDagStore } from './open-dag-store.ts'
import type { OpenTarget } from './open-target.ts'
import { startedBy } from './started-by.ts'

const lookEveryMs = 100
const beatEveryMs = 2_000
/** How long what is at work may take to end when somebody presses Ctrl-C. */
const graceMs = 20_000

/**
 * Carries out runs that are in the queue, beside whatever workers there are, until they are over. Ctrl-C cancels what is
 * at work, and the runs with it.
 */
export async function carryOutRuns(
  context: CommandContext,
  opened: OpenTarget,
  { store, warehouse }: OpenDagStore,
  dagRunIds: readonly string[],
  how: {
    readonly slots: number
    readonly emit: (event: WorkerEvent) => void
    /** Called with the runs as they stand, about ten times a second. */
    readonly onLook?: (runs: readonly DagRun[]) => void
  },
): Promise<readonly DagRun[]> {
  const { clock, newId, signal } = context
  const observer = await observeRuns(context, opened, warehouse)
  const worker = makeWorker({
    ...{ store, clock, newId, slots: how.slots, only: dagRunIds },
    emit: (event) => {
      how.emit(event)
      observer.emit(event)
    },
    startedBy: startedBy(),
    pools: opened.config.pools,
    execute: makeExecuteStep(stepPlace(context, opened)),
    after: (ms, body) => {
      const timer = setTimeout(body, ms)
      return () => clearTimeout(timer)
    },
  })
  let beaten = Number.NEGATIVE_INFINITY
  let cancelledAt: number | null = null
  try {
    for (;;) {
      if (signal.aborted && cancelledAt === null) {
        cancelledAt = performance.now()
        for (const id of dagRunIds) await store.stop(id, 'cancelled', clock())
        beaten = Number.NEGATIVE_INFINITY
      }
      await worker.tick()
      if (performance.now() - beaten > beatEveryMs) {
        beaten = performance.now()
        await store.stopOverdue(clock())
        await worker.beat()
      }
      const runs = await store.readRunsById(dagRunIds)
      how.onLook?.(runs)
      const isOver = runs.every(({ status }) => status !== 'queued' && status !== 'running')
      if (isOver || (cancelledAt !== null && performance.now() - cancelledAt > graceMs)) return runs
      await sleep(lookEveryMs)
    }
  } finally {
    await worker.leave().catch(() => {})
    await observer.close()
  }
}
