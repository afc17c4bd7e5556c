export { estimateColumns, writeEstimates } from './estimates-table.ts'
export type { JobContext, JobOutcome } from './job.ts'
export { runJob } from './registry.ts'
