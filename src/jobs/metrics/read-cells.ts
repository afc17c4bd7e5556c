import type { ExperimentOutcome } from '../../core/experiment-spec.ts'
import type { Relation } from '../../core/node.ts'
import type { JointMoments } from '../../stats/index.ts'
import { relationIdent, type Session, sql } from '../../warehouse/index.ts'
import type { ExperimentCell } from '../experiment/cell.ts'

/** An experiment that asks a set of metrics for its outcomes. */
export interface CellsRequest {
  readonly experiment: string
  /** The metrics node that the relation belongs to. */
  readonly set: string
  readonly outcomes: readonly Pick<ExperimentOutcome, 'name' | 'source'>[]
}

interface CellRow {
  readonly arm: string
  readonly segment_name: string | null
  readonly segment_value: string | null
  readonly stratum: string | null
  readonly metric: string
  readonly day: string
  readonly units: number
  readonly missing: number
  readonly n: number
  readonly variables: readonly string[]
  readonly outcome_means: readonly (number | null)[]
  readonly outcome_centred_products: readonly (number | null)[]
  readonly joint_n: number
  readonly means: readonly (number | null)[]
  readonly centred_products: readonly (number | null)[]
}

/** The kept statistics of one experiment: every cell of every day. */
export async function readCells(
  session: Session,
  relation: Relation,
  { experiment, set, outcomes }: CellsRequest,
): Promise<ExperimentCell[]> {
  const asked = outcomes.flatMap(({ name, source }) =>
    source.from === 'metrics' && source.set === set ? [{ name, metric: source.metric }] : [],
  )
  const { rows } = await session.query<CellRow>(sql`
    select arm, segment_name, segment_value, stratum, metric, day, units, missing, n, variables, outcome_means,
      outcome_centred_products, joint_n, means, centred_products
    from ${relationIdent(relation)}
    where experiment = ${experiment} and metric = any(${asked.map(({ metric }) => metric)}::text[])
    order by day, arm, segment_name nulls first, segment_value nulls first, stratum nulls first, metric`)
  return rows.flatMap((row) =>
    asked.filter(({ metric }) => metric === row.metric).map(({ name }) => cellOf(row, name)),
  )
}

function cellOf(row: CellRow, outcome: string): ExperimentCell {
  return {
    outcome,
    arm: row.arm,
    segmentName: row.segment_name,
    segmentValue: row.segment_value,
    stratum: row.stratum,
    day: row.day,
    units: row.units,
    missing: row.missing,
    variables: row.variables,
    moments: momentsOf(row.joint_n, row.means, row.centred_products),
    outcomeMoments: momentsOf(row.n, row.outcome_means, row.outcome_centred_products),
  }
}

/** Moments from centred products, which stand row by row above the diagonal. Of no units all are NaN. */
function momentsOf(
  n: number,
  means: readonly (number | null)[],
  products: readonly (number | null)[],
): JointMoments {
  const place = (a: number, b: number): number => {
    const [row, column] = a < b ? [a, b] : [b, a]
    return row * means.length - (row * (row - 1)) / 2 + (column - row)
  }
  return {
    n,
    means: means.map((mean) => mean ?? Number.NaN),
    covariances: means.map((_, a) => means.map((__, b) => (products[place(a, b)] ?? Number.NaN) / (n - 1))),
  }
}
