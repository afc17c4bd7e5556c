import type { Estimate } from '../core/estimate.ts'
import type { Relation } from '../core/node.ts'
import { createTable, relationIdent, type Session, sql } from '../warehouse/index.ts'

/*
 * The table that holds a job's estimates: the same columns for every job, so that they can be stacked and read
 * by one query.
 */

/** Column, type and the field it comes from, in the order of the table. */
const columns: readonly { readonly name: string; readonly type: string; readonly field: keyof Estimate }[] = [
  { name: 'job', type: 'text', field: 'job' },
  { name: 'run_id', type: 'uuid', field: 'runId' },
  { name: 'as_of', type: 'timestamptz', field: 'asOf' },
  { name: 'estimand', type: 'text', field: 'estimand' },
  { name: 'outcome', type: 'text', field: 'outcome' },
  { name: 'treatment', type: 'text', field: 'treatment' },
  { name: 'comparison', type: 'text', field: 'comparison' },
  { name: 'segment_name', type: 'text', field: 'segmentName' },
  { name: 'segment_value', type: 'text', field: 'segmentValue' },
  { name: 'method', type: 'text', field: 'method' },
  { name: 'scale', type: 'text', field: 'scale' },
  { name: 'estimate', type: 'double precision', field: 'estimate' },
  { name: 'std_error', type: 'double precision', field: 'stdError' },
  { name: 'ci_lower', type: 'double precision', field: 'ciLower' },
  { name: 'ci_upper', type: 'double precision', field: 'ciUpper' },
  { name: 'ci_level', type: 'double precision', field: 'ciLevel' },
  { name: 'ci_kind', type: 'text', field: 'ciKind' },
  { name: 'p_value', type: 'double precision', field: 'pValue' },
  { name: 'p_value_adjusted', type: 'double precision', field: 'pValueAdjusted' },
  { name: 'n', type: 'bigint', field: 'n' },
  { name: 'n_treated', type: 'bigint', field: 'nTreated' },
  { name: 'diagnostics', type: 'jsonb', field: 'diagnostics' },
  { name: 'status', type: 'text', field: 'status' },
  { name: 'reason', type: 'text', field: 'reason' },
]

/** Columns of every estimates table, for documentation and for checks of names. */
export const estimateColumns = columns.map(({ name, type }) => ({ name, type }))

/** Creates the table and writes the estimates into it. */
export async function writeEstimates(
  session: Session,
  relation: Relation,
  estimates: readonly Estimate[],
): Promise<void> {
  await session.query(createTable(relation, estimateColumns))
  const rows = estimates.map((estimate) =>
    Object.fromEntries(columns.map(({ name, field }) => [name, estimate[field]])),
  )
  // The table's own row type reads the JSON, so names and types stand in one place only.
  await session.query(sql`
    insert into ${relationIdent(relation)}
    select * from jsonb_populate_recordset(null::${relationIdent(relation)}, ${JSON.stringify(rows)}::jsonb)`)
}
