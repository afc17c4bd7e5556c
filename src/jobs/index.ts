export { estimateColumns } from './estimates-table.ts'
export type { JobContext, JobOutcome, JobTable, ReplacedRows } from './job.ts'
export { jobColumns, runJob } from './registry.ts'
export { writeRows } from './rows-table.ts'
