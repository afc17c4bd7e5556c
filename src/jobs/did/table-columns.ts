import { causalColumns } from '../causal/table-columns.ts'
import { estimateColumns, headColumns, intervalColumns } from '../estimates-table.ts'
import type { JobColumn } from '../job.ts'

/*
 * The columns of the tables that a difference in differences writes, by suffix; the rows are those of `core/did-tables.ts`.
 */

const text = (...names: readonly string[]): JobColumn[] => names.map((name) => ({ name, type: 'text' }))
const numbers = (...names: readonly string[]): JobColumn[] =>
  names.map((name) => ({ name, type: 'double precision' }))

/** The columns of each table. */
export const didTableColumns: Readonly<Record<string, readonly JobColumn[]>> = {
  '': estimateColumns,
  checks: [
    ...headColumns,
    ...text('outcome', 'check_name', 'verdict'),
    ...numbers('statistic', 'p_value'),
    ...text('message'),
  ],
  group_time: [
    ...headColumns,
    ...text('outcome', 'method', 'first_treated', 'period'),
    { name: 'is_post', type: 'boolean' },
    ...intervalColumns,
    { name: 'n_treated', type: 'bigint' },
    { name: 'n_control', type: 'bigint' },
    ...text('status', 'reason'),
  ],
  event_study: [
    ...headColumns,
    ...text('outcome', 'method'),
    ...numbers('periods_since'),
    ...intervalColumns,
    ...numbers('band_lower', 'band_upper'),
  ],
  synthetic_weights: [...headColumns, ...text('outcome', 'method', 'of_what', 'name'), ...numbers('weight')],
  refutations: causalColumns['refutations']!,
  verdict: causalColumns['verdict']!,
  memo: causalColumns['memo']!,
}
