import type { NotificationOccasion } from '../../core/dag.ts'
import type { StopReason } from '../../core/dag-run.ts'
import type { Warehouse } from '../../warehouse/index.ts'
import type { StartedBy } from '../leases.ts'
import { migrateStore } from '../migrate.ts'
import type { DagOwner } from './dag-owner.ts'
import { readDagStates, recordSeenDags, type SeenDag, setPaused } from './dag-states.ts'
import { type ClaimId, type EndedTry, finishStep } from './finish-steps.ts'
import { claimSteps, startDagRuns } from './hand-out.ts'
import { readHeldBack } from './held-back.ts'
import { type FiredUpTo, fireDagRuns, makeDagRuns, type NewDagRun } from './make-dag-runs.ts'
import { readRunsToTell, recordTold, settleNotices } from './notices.ts'
import {
  type DagRunFilter,
  findDagRuns,
  readDagOfRun,
  readDagRuns,
  readNodeTimings,
  readRunsById,
  readRunsWithin,
  readStepTries,
} from './read-dag-runs.ts'
import { type DagRetention, forgetOldDagRuns } from './retention.ts'
import { campaign, type Leadership, renewLeadership, resignLeadership } from './scheduler-lease.ts'
import { retryDagRun, stopDagRun, stopOverdueRuns } from './stop-runs.ts'
import { type DataSource, type FollowUp, readFollowUps, readNewData } from './trigger-reads.ts'
import { beat, enterWorker, leaveWorker, takeOverSteps, type WorkerEntry } from './workers.ts'

/** The store of one project's DAGs over one warehouse. */
export type DagStore = ReturnType<typeof makeDagStore>

/**
 * Binds what the scheduler and the workers ask of the store to a warehouse. Locks hang on its control session; all else
 * goes over the others, so that a question that takes long keeps no heartbeat waiting.
 */
export function makeDagStore(warehouse: Pick<Warehouse, 'control' | 'withSession'>, owner: DagOwner) {
  const { control } = warehouse
  const on: Warehouse['withSession'] = (body) => warehouse.withSession(body)
  let last: Promise<unknown> = Promise.resolve()
  /** What is said on the control session while another has a transaction on it would become part of that. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work)
    last = turn.catch(() => {})
    return turn
  }
  return {
    migrate: () => inTurn(() => migrateStore(control)),
    campaign: (holder: string, by: StartedBy) => inTurn(() => campaign(control, owner, holder, by)),
    renew: (leadership: Leadership) => inTurn(() => renewLeadership(control, owner, leadership)),
    resign: () => inTurn(() => resignLeadership(control, owner)),
    recordSeen: (dags: readonly SeenDag[], now: Date) => on((s) => recordSeenDags(s, owner, dags, now)),
    readStates: () => on((s) => readDagStates(s, owner)),
    setPaused: (dags: readonly string[], isPaused: boolean, by: string, now: Date) =>
      on((s) => setPaused(s, owner, dags, isPaused, by, now)),
    fire: (leadership: Leadership, runs: readonly NewDagRun[], fired: readonly FiredUpTo[], now: Date) =>
      on((s) => fireDagRuns(s, owner, leadership, runs, fired, now)),
    make: (runs: readonly NewDagRun[], now: Date) => on((s) => makeDagRuns(s, owner, runs, now)),
    readFollowUps: (wanted: Parameters<typeof readFollowUps>[2], since: Date): Promise<FollowUp[]> =>
      on((s) => readFollowUps(s, owner, wanted, since)),
    readNewData: (sources: readonly DataSource[]) => on((s) => readNewData(s, sources)),
    stopOverdue: (now: Date) => on((s) => stopOverdueRuns(s, owner, now)),
    stop: (dagRunId: string, reason: StopReason, now: Date) =>
      on((s) => stopDagRun(s, dagRunId, reason, now)),
    retry: (dagRunId: string, now: Date) => on((s) => retryDagRun(s, dagRunId, now)),
    forgetOld: (retention: DagRetention, now: Date) =>
      on(async (s) => {
        await settleNotices(s, owner, now)
        return forgetOldDagRuns(s, owner, retention, now)
      }),
    readRunsToTell: (now: Date) => on((s) => readRunsToTell(s, owner, now)),
    recordTold: (dagRunId: string, occasion: NotificationOccasion) =>
      on((s) => recordTold(s, dagRunId, occasion)),
    enterWorker: (entry: WorkerEntry) => inTurn(() => enterWorker(control, owner, entry)),
    beat: (workerId: string) => inTurn(() => beat(control, workerId)),
    leaveWorker: (workerId: string, now: Date) => inTurn(() => leaveWorker(control, owner, workerId, now)),
    takeOver: (now: Date) => inTurn(() => takeOverSteps(control, owner, now)),
    startRuns: (now: Date) => on((s) => startDagRuns(s, owner, now)),
    claim: (to: Parameters<typeof claimSteps>[2], now: Date) => on((s) => claimSteps(s, owner, to, now)),
    finish: (claim: ClaimId, ended: EndedTry, now: Date) => on((s) => finishStep(s, claim, ended, now)),
    readRuns: (filter: DagRunFilter) => on((s) => readDagRuns(s, owner, filter)),
    readRunsById: (ids: readonly string[]) => on((s) => readRunsById(s, ids)),
    readHeldBack: () => on((s) => readHeldBack(s, owner)),
    findRuns: (id: string) => on((s) => findDagRuns(s, owner, id)),
    readRunsWithin: (dag: string, from: string, to: string) =>
      on((s) => readRunsWithin(s, owner, dag, from, to)),
    readTries: (dagRunId: string) => on((s) => readStepTries(s, dagRunId)),
    readTimings: (dagRunId: string) => on((s) => readNodeTimings(s, dagRunId)),
    readDagOfRun: (dagRunId: string) => on((s) => readDagOfRun(s, dagRunId)),
  }
}
