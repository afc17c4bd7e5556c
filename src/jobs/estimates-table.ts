import type { JobColumn } from './job.ts'

/*
 * The table that holds a job's estimates: the same columns for every job, so that they can be stacked and read
 * by one query.
 */

/** Columns of text. */
export function textColumns(...names: readonly string[]): JobColumn[] {
  return names.map((name) => ({ name, type: 'text' }))
}

/** Columns of numbers. */
export function numberColumns(...names: readonly string[]): JobColumn[] {
  return names.map((name) => ({ name, type: 'double precision' }))
}

/** Whose row it is, in every table of a job. */
export const headColumns: readonly JobColumn[] = [
  { name: 'job', type: 'text' },
  { name: 'run_id', type: 'uuid' },
  { name: 'as_of', type: 'timestamptz' },
]

/** Of whom a row speaks; null for everybody. */
export const segmentColumns: readonly JobColumn[] = [
  { name: 'segment_name', type: 'text' },
  { name: 'segment_value', type: 'text' },
]

/** A number with its interval and test. */
export const intervalColumns: readonly JobColumn[] = [
  { name: 'estimate', type: 'double precision' },
  { name: 'std_error', type: 'double precision' },
  { name: 'ci_lower', type: 'double precision' },
  { name: 'ci_upper', type: 'double precision' },
  { name: 'ci_level', type: 'double precision' },
  { name: 'ci_kind', type: 'text' },
  { name: 'p_value', type: 'double precision' },
]

/** Columns of every estimates table in their order; each is a field of `Estimate` in snake case. */
export const estimateColumns: readonly JobColumn[] = [
  ...headColumns,
  { name: 'estimand', type: 'text' },
  { name: 'outcome', type: 'text' },
  { name: 'treatment', type: 'text' },
  { name: 'comparison', type: 'text' },
  ...segmentColumns,
  { name: 'method', type: 'text' },
  { name: 'scale', type: 'text' },
  ...intervalColumns,
  { name: 'p_value_adjusted', type: 'double precision' },
  { name: 'n', type: 'bigint' },
  { name: 'n_treated', type: 'bigint' },
  { name: 'diagnostics', type: 'jsonb' },
  { name: 'status', type: 'text' },
  { name: 'reason', type: 'text' },
]
