import type { JobColumn } from './job.ts'

/*
 * The table that holds a job's estimates: the same columns for every job, so that they can be stacked and read
 * by one query.
 */

/** Columns of every estimates table in their order; each is a field of `Estimate` in snake case. */
export const estimateColumns: readonly JobColumn[] = [
  { name: 'job', type: 'text' },
  { name: 'run_id', type: 'uuid' },
  { name: 'as_of', type: 'timestamptz' },
  { name: 'estimand', type: 'text' },
  { name: 'outcome', type: 'text' },
  { name: 'treatment', type: 'text' },
  { name: 'comparison', type: 'text' },
  { name: 'segment_name', type: 'text' },
  { name: 'segment_value', type: 'text' },
  { name: 'method', type: 'text' },
  { name: 'scale', type: 'text' },
  { name: 'estimate', type: 'double precision' },
  { name: 'std_error', type: 'double precision' },
  { name: 'ci_lower', type: 'double precision' },
  { name: 'ci_upper', type: 'double precision' },
  { name: 'ci_level', type: 'double precision' },
  { name: 'ci_kind', type: 'text' },
  { name: 'p_value', type: 'double precision' },
  { name: 'p_value_adjusted', type: 'double precision' },
  { name: 'n', type: 'bigint' },
  { name: 'n_treated', type: 'bigint' },
  { name: 'diagnostics', type: 'jsonb' },
  { name: 'status', type: 'text' },
  { name: 'reason', type: 'text' },
]
