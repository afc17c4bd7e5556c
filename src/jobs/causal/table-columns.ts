import { estimateColumns } from '../estimates-table.ts'
import type { JobColumn } from '../job.ts'

/*
 * The columns of the tables that a causal question writes, by suffix; the rows are those of `core/causal-tables.ts`.
 * Weights and matches carry the units' keys in the type that the units' relation has.
 */

const text = (...names: readonly string[]): JobColumn[] => names.map((name) => ({ name, type: 'text' }))
const numbers = (...names: readonly string[]): JobColumn[] =>
  names.map((name) => ({ name, type: 'double precision' }))

const head: readonly JobColumn[] = [
  { name: 'job', type: 'text' },
  { name: 'run_id', type: 'uuid' },
  { name: 'as_of', type: 'timestamptz' },
]

/** The columns of each table of a causal question but those of units. */
export const causalColumns: Readonly<Record<string, readonly JobColumn[]>> = {
  '': estimateColumns,
  identification: [
    ...head,
    ...text('kind', 'outcome'),
    { name: 'variables', type: 'text[]' },
    { name: 'given', type: 'text[]' },
    { name: 'chosen', type: 'boolean' },
    ...text('note'),
    ...numbers('statistic', 'p_value'),
    ...text('verdict'),
  ],
  balance: [
    ...head,
    ...text('outcome', 'estimand', 'method', 'covariate'),
    { name: 'adjusted', type: 'boolean' },
    ...numbers('mean_treated', 'mean_control', 'standardized_difference', 'variance_ratio'),
  ],
  overlap: [
    ...head,
    ...text('outcome', 'estimand', 'kind', 'group_name'),
    ...numbers('lower', 'upper'),
    { name: 'units', type: 'bigint' },
    ...numbers('mean_predicted', 'observed', 'effective_n', 'heaviest_share', 'extreme_share'),
    ...text('message'),
  ],
  refutations: [
    ...head,
    ...text('outcome', 'estimand', 'method', 'refuter', 'verdict'),
    ...numbers('estimate', 'new_effect', 'spread', 'p_value'),
    { name: 'simulations', type: 'integer' },
    ...text('message'),
    { name: 'diagnostics', type: 'jsonb' },
  ],
  verdict: [
    ...head,
    ...text('outcome', 'estimand', 'treatment', 'verdict', 'method'),
    ...numbers('estimate', 'ci_lower', 'ci_upper', 'naive', 'claim', 'bias', 'bias_share'),
    { name: 'refuters_passed', type: 'integer' },
    { name: 'refuters_failed', type: 'integer' },
    ...text('sentence'),
  ],
  memo: [...head, ...text('format', 'document')],
}
