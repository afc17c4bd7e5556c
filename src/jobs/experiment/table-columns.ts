import { estimateColumns, headColumns, intervalColumns, segmentColumns } from '../estimates-table.ts'
import type { JobColumn } from '../job.ts'

/*
 * The columns of the tables that an experiment writes, by suffix; the rows are those of `core/experiment-tables.ts`.
 */

const health: readonly JobColumn[] = [
  ...headColumns,
  { name: 'check_name', type: 'text' },
  { name: 'outcome', type: 'text' },
  { name: 'treatment', type: 'text' },
  ...segmentColumns,
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
  ...headColumns,
  { name: 'treatment', type: 'text' },
  { name: 'comparison', type: 'text' },
  ...segmentColumns,
  { name: 'decision', type: 'text' },
  { name: 'launch', type: 'text' },
  { name: 'reason', type: 'text' },
  { name: 'evaluated', type: 'jsonb' },
  { name: 'power', type: 'double precision' },
  { name: 'units_needed', type: 'double precision' },
  { name: 'days_needed', type: 'double precision' },
]

const days: readonly JobColumn[] = [
  ...headColumns,
  { name: 'series', type: 'text' },
  { name: 'day', type: 'date' },
  { name: 'days_since_exposure', type: 'integer' },
  { name: 'outcome', type: 'text' },
  { name: 'treatment', type: 'text' },
  { name: 'comparison', type: 'text' },
  { name: 'method', type: 'text' },
  { name: 'scale', type: 'text' },
  ...intervalColumns,
  { name: 'n', type: 'bigint' },
  { name: 'n_treated', type: 'bigint' },
]

const weights: readonly JobColumn[] = [
  ...headColumns,
  { name: 'arm', type: 'text' },
  { name: 'weight', type: 'double precision' },
  { name: 'probability_best', type: 'double precision' },
  { name: 'previous_weight', type: 'double precision' },
  { name: 'n', type: 'bigint' },
]

const memo: readonly JobColumn[] = [
  ...headColumns,
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
