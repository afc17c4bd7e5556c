export { readDefinitions } from './definitions.ts'
export { readDurations } from './durations.ts'
export { forgetOldEvents, isKept, recordEvents } from './events.ts'
export { type LedgerChange, readLedgers, recordIntervals } from './intervals.ts'
export {
  addKeptBuilds,
  forgetKeptBuilds,
  forgetOldBuilds,
  type KeptBuild,
  type KeptRun,
  readKeptRun,
  recordKeptBuilds,
} from './kept-builds.ts'
export {
  forgetOldPublications,
  type KeptPublication,
  keysOf,
  readKeptPublications,
  readRunBefore,
  recordReplaced,
  recordRewritten,
  recordRollback,
  restoreNotes,
} from './kept-publications.ts'
export { describeHolder } from './lease-queue.ts'
export { joinLease, type Lease, type LeaseRequest, type StartedBy, withLease } from './leases.ts'
export { readLoadedFiles, recordLoadedFiles } from './loaded-files.ts'
export { migrateStore } from './migrate.ts'
export { type KnownPremise, readPremises, recordPremises } from './premises.ts'
export { type Publication, type Published, readPublished, recordPublications } from './publications.ts'
export {
  clearDeadRuns,
  hasPublished,
  hasRunPublished,
  type RunOwner,
  recordRunFinished,
  recordRunStarted,
} from './runs.ts'
export {
  readStreamPositions,
  readStreamRate,
  recordStreamMetrics,
  type StreamMetrics,
  type StreamPosition,
} from './stream-metrics.ts'
export {
  type ClaimedPartition,
  claimPartitions,
  forgetPositions,
  movePositions,
  type PartitionClaim,
  type PositionChange,
  type StreamPartition,
  setPositions,
} from './stream-positions.ts'
