export { migrateStore } from './migrate.ts'
export { type Publication, readFingerprints, recordPublications } from './publications.ts'
export { type RunOwner, recordRunFinished, recordRunStarted, takeAbandonedBuildSchemas } from './runs.ts'
