export { readDefinitions } from './definitions.ts'
export { type LedgerChange, readLedgers, recordIntervals } from './intervals.ts'
export {
  forgetKeptBuilds,
  type KeptBuild,
  type KeptRun,
  readKeptRun,
  recordKeptBuilds,
} from './kept-builds.ts'
export { migrateStore } from './migrate.ts'
export { type Publication, type Published, readPublished, recordPublications } from './publications.ts'
export { type RunOwner, recordRunFinished, recordRunStarted, takeAbandonedBuildSchemas } from './runs.ts'
