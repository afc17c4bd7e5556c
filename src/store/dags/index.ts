/*
 * DAGs of the scheduler in the store: who fires, who works, which runs there are and how they stand.
 */

export type { DagOwner } from './dag-owner.ts'
export { type DagState, readDagStates, recordSeenDags, type SeenDag, setPaused } from './dag-states.ts'
export { type DagStore, makeDagStore } from './dag-store.ts'
export { type AfterStep, type ClaimId, type EndedTry, finishStep } from './finish-steps.ts'
export { type ClaimedRun, type ClaimedStep, claimSteps, startDagRuns } from './hand-out.ts'
export { type HeldBackRun, type Obstacle, readHeldBack } from './held-back.ts'
export { type AwaitedRun, type FiredUpTo, fireDagRuns, makeDagRuns, type NewDagRun } from './make-dag-runs.ts'
export { type EndedRun, readRunsToTell, recordTold, settleNotices } from './notices.ts'
export {
  type DagNodeTiming,
  type DagRun,
  type DagRunFilter,
  type DagRunStep,
  type DagStepTry,
  findDagRuns,
  readDagOfRun,
  readDagRuns,
  readNodeTimings,
  readStepTries,
} from './read-dag-runs.ts'
export { type DagRetention, forgetOldDagRuns } from './retention.ts'
export { campaign, type Leadership, renewLeadership, resignLeadership } from './scheduler-lease.ts'
export { retryDagRun, stopDagRun, stopOverdueRuns } from './stop-runs.ts'
export { type DataSource, type FollowUp, readFollowUps, readNewData } from './trigger-reads.ts'
export { beat, enterWorker, type Heartbeat, leaveWorker, takeOverSteps, type WorkerEntry } from './workers.ts'
