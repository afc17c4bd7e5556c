import { estimateColumns } from '../estimates-table.ts'
import type { JobColumn } from '../job.ts'

/*
 * The columns of the tables that an experiment writes, by suffix; the rows are those of `core/experiment-tables.ts`.
 */

const head: readonly JobColumn[] = [
  { name: 'job', type: 'text' },
  { name: 'run_id', type: 'uuid' },
  { name: 'as_of', type: 'timestamptz' },
]

const segment: readonly JobColumn[] = [
  { name: 'segment_name', type: 'text' },
  { name: 'segment_value', type: 'text' },
]

const interval: readonly JobColumn[] = [
  { name: 'estimate', type: 'double precision' },
  { name: 'std_error', type: 'double precision' },
  { name: 'ci_lower', type: 'double precision' },
  { name: 'ci_upper', type: 'double precision' },
  { name: 'ci_level', type: 'double precision' },
  { name: 'ci_kind', type: 'text' },
  { name: 'p_value', type: 'double precision' },
]

const health: readonly JobColumn[] = [
  ...head,
  { name: 'check_name', type: 'text' },
  { name: 'outcome', type: 'text' },
  { name: 'treatment', type: 'text' },
  ...segment,
  { name: 'verdict', type: 'text' },
  { name: 'critical', type: 'boolean' },
  { name: 'statistic', type: 'double precision' },
  { name: 'p_value', type: 'double precision' },
  { name: 'observed', type: 'double precision' },
  { name: 'threshold', type: 'double precision' },
  { name: 'message', type: 'text' },
  { name: 'override_reason', type: 'text' },
  { name: 'diagnostics', type: 'jsonb' },
]

const decision: readonly JobColumn[] = [
  ...head,
  { name: 'treatment', type: 'text' },
  { name: 'comparison', type: 'text' },
  ...segment,
  { name: 'decision', type: 'text' },
  { name: 'launch', type: 'text' },
  { name: 'reason', type: 'text' },
  { name: 'evaluated', type: 'jsonb' },
  { name: 'power', type: 'double precision' },
  { name: 'units_needed', type: 'double precision' },
  { name: 'days_needed', type: 'double precision' },
]

const days: readonly JobColumn[] = [
  ...head,
  { name: 'series', type: 'text' },
  { name: 'day', type: 'date' },
  { name: 'days_since_exposure', type: 'integer' },
  { name: 'outcome', type: 'text' },
  { name: 'treatment', type: 'text' },
  { name: 'comparison', type: 'text' },
  { name: 'method', type: 'text' },
  { name: 'scale', type: 'text' },
  ...interval,
  { name: 'n', type: 'bigint' },
  { name: 'n_treated', type: 'bigint' },
]

const weights: readonly JobColumn[] = [
  ...head,
  { name: 'arm', type: 'text' },
  { name: 'weight', type: 'double precision' },
  { name: 'probability_best', type: 'double precision' },
  { name: 'previous_weight', type: 'double precision' },
  { name: 'n', type: 'bigint' },
]

const memo: readonly JobColumn[] = [
  ...head,
  { name: 'format', type: 'text' },
  { name: 'document', type: 'text' },
]

/** The columns of each table of an experiment. */
export const experimentColumns: Readonly<Record<string, readonly JobColumn[]>> = {
  '': estimateColumns,
  health,
  decision,
  days,
  weights,
  memo,
}
