import { estimateColumns, headColumns, numberColumns, textColumns } from '../estimates-table.ts'
import type { JobColumn } from '../job.ts'

/*
 * The columns of the tables that a causal question writes, by suffix; the rows are those of `core/causal-tables.ts`.
 * Weights and matches carry the units' keys in the type that the units' relation has.
 */

/** The columns of each table of a causal question but those of units. */
export const causalColumns: Readonly<Record<string, readonly JobColumn[]>> = {
  '': estimateColumns,
  identification: [
    ...headColumns,
    ...textColumns('kind', 'outcome'),
    { name: 'variables', type: 'text[]' },
    { name: 'given', type: 'text[]' },
    { name: 'chosen', type: 'boolean' },
    ...textColumns('note'),
    ...numberColumns('statistic', 'p_value'),
    ...textColumns('verdict'),
  ],
  balance: [
    ...headColumns,
    ...textColumns('outcome', 'estimand', 'method', 'covariate'),
    { name: 'adjusted', type: 'boolean' },
    ...numberColumns('mean_treated', 'mean_control', 'standardized_difference', 'variance_ratio'),
  ],
  overlap: [
    ...headColumns,
    ...textColumns('outcome', 'estimand', 'kind', 'group_name'),
    ...numberColumns('lower', 'upper'),
    { name: 'units', type: 'bigint' },
    ...numberColumns('mean_predicted', 'observed', 'effective_n', 'heaviest_share', 'extreme_share'),
    ...textColumns('message'),
  ],
  refutations: [
    ...headColumns,
    ...textColumns('outcome', 'estimand', 'method', 'refuter', 'verdict'),
    ...numberColumns('estimate', 'new_effect', 'spread', 'p_value'),
    { name: 'simulations', type: 'integer' },
    ...textColumns('message'),
    { name: 'diagnostics', type: 'jsonb' },
  ],
  verdict: [
    ...headColumns,
    ...textColumns('outcome', 'estimand', 'treatment', 'verdict', 'method'),
    ...numberColumns('estimate', 'ci_lower', 'ci_upper', 'naive', 'claim', 'bias', 'bias_share'),
    { name: 'refuters_passed', type: 'integer' },
    { name: 'refuters_failed', type: 'integer' },
    ...textColumns('sentence'),
  ],
  memo: [...headColumns, ...textColumns('format', 'document')],
}
