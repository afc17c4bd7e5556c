import { headColumns, segmentColumns } from '../estimates-table.ts'
import type { JobColumn } from '../job.ts'

/*
 * The columns of the tables that a drift job writes, by suffix; the rows are those of `core/drift-tables.ts`.
 */

const typed =
  (type: string) =>
  (...names: readonly string[]): JobColumn[] =>
    names.map((name) => ({ name, type }))
const text = typed('text')
const numbers = typed('double precision')
const counts = typed('bigint')
const dates = typed('date')
const integers = typed('integer')

const head: readonly JobColumn[] = [...headColumns, ...text('column_name'), ...segmentColumns]
const inWindow: readonly JobColumn[] = [
  ...head,
  ...integers('window_days'),
  ...dates('window_start', 'window_end'),
]

/** The columns of each table of a drift job. */
export const driftColumns: Readonly<Record<string, readonly JobColumn[]>> = {
  '': [
    ...inWindow,
    ...text('column_kind', 'statistic'),
    ...numbers('value', 'reference_value', 'current_value', 'p_value', 'p_value_adjusted'),
    ...numbers('warn_at', 'fail_at'),
    ...text('verdict', 'reason'),
    ...counts('n_reference', 'n_current'),
    ...integers('reference_windows'),
    ...numbers('dispersion'),
  ],
  distributions: [
    ...inWindow,
    ...integers('cell'),
    ...text('label'),
    ...numbers('lower', 'upper'),
    ...counts('reference_rows', 'current_rows'),
    ...numbers('reference_share', 'current_share'),
  ],
  days: [
    ...head,
    ...dates('day'),
    { name: 'is_reference', type: 'boolean' },
    ...counts('rows'),
    ...numbers('missing_share', 'mean', 'psi'),
  ],
  changes: [
    ...head,
    ...text('series', 'category'),
    ...dates('changed_on'),
    ...numbers('before', 'after', 'p_value', 'p_value_adjusted'),
    ...text('verdict', 'reason'),
  ],
  memo: [...headColumns, ...text('format', 'document')],
}
