import { causalColumns } from '../causal/table-columns.ts'
import {
  estimateColumns,
  headColumns,
  intervalColumns,
  numberColumns,
  textColumns,
} from '../estimates-table.ts'
import type { JobColumn } from '../job.ts'

/*
 * The columns of the tables that a difference in differences writes, by suffix; the rows are those of `core/did-tables.ts`.
 */

/** The columns of each table. */
export const didTableColumns: Readonly<Record<string, readonly JobColumn[]>> = {
  '': estimateColumns,
  checks: [
    ...headColumns,
    ...textColumns('outcome', 'check_name', 'verdict'),
    ...numberColumns('statistic', 'p_value'),
    ...textColumns('message'),
  ],
  group_time: [
    ...headColumns,
    ...textColumns('outcome', 'method', 'first_treated', 'period'),
    { name: 'is_post', type: 'boolean' },
    ...intervalColumns,
    { name: 'n_treated', type: 'bigint' },
    { name: 'n_control', type: 'bigint' },
    ...textColumns('status', 'reason'),
  ],
  event_study: [
    ...headColumns,
    ...textColumns('outcome', 'method'),
    ...numberColumns('periods_since'),
    ...intervalColumns,
    ...numberColumns('band_lower', 'band_upper'),
  ],
  synthetic_weights: [
    ...headColumns,
    ...textColumns('outcome', 'method', 'of_what', 'name'),
    ...numberColumns('weight'),
  ],
  refutations: causalColumns['refutations']!,
  verdict: causalColumns['verdict']!,
  memo: causalColumns['memo']!,
}
