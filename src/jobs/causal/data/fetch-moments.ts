import type { JointMoments } from '../../../stats/index.ts'
import { type Session, type SQLQuery, sql } from '../../../warehouse/index.ts'
import { type CausalMoments, treatmentLabel } from './causal-moments.ts'
import type { CausalSource } from './causal-source.ts'

/** A number of each unit, and what it goes by. */
export interface NamedValue {
  readonly label: string
  readonly value: SQLQuery
}

/** Postgres allows 1664 columns of a result. */
const mostAggregates = 1500

/**
 * Means and covariances of all values by treatment, in one grouped query (in several beyond some fifty values). They are
 * float8 aggregates, which Postgres computes by the Youngs–Cramer update: no sums of squares that cancel.
 */
export async function fetchMoments(
  session: Session,
  source: CausalSource,
  values: readonly NamedValue[],
  isBinary: boolean,
): Promise<CausalMoments> {
  const all = isBinary ? values : [...values, { label: treatmentLabel, value: source.treatment }]
  const pairs = all.flatMap((_, i) => all.slice(0, i + 1).map((__, j) => [i, j] as const))
  const groups: { n: number; means: number[]; covariances: number[][] }[] = (isBinary ? [0, 1] : [0]).map(
    () => ({
      n: 0,
      means: all.map(() => Number.NaN),
      covariances: all.map(() => all.map(() => Number.NaN)),
    }),
  )
  const inner = sql.join(
    [
      sql`${isBinary ? sql`(${source.treatment})::int` : sql`0`} as arm`,
      ...all.map(({ value }, index) => sql`${value} as ${place(index)}`),
    ],
    sql`, `,
  )
  for (let from = 0; from < pairs.length; from += mostAggregates) {
    const some = pairs.slice(from, from + mostAggregates)
    const { rows } = await session.query<Record<string, number>>(sql`
      select
        arm,
        count(*)::float8 as n
        ${
          from > 0
            ? sql``
            : sql.join(
                all.map((_, i) => sql`, avg(${place(i)}) as ${sql.ident(`m${i}`)}`),
                sql``,
              )
        }
        ${sql.join(
          some.map(([i, j]) => sql`, covar_samp(${place(i)}, ${place(j)}) as ${sql.ident(`c${i}_${j}`)}`),
          sql``,
        )}
      from (select ${inner} from ${source.from} as unit) as units
      group by arm`)
    for (const row of rows) {
      const group = groups[row['arm']!]!
      group.n = row['n']!
      if (from === 0) for (const i of all.keys()) group.means[i] = row[`m${i}`]!
      for (const [i, j] of some) {
        const covariance = row[`c${i}_${j}`] ?? Number.NaN
        group.covariances[i]![j] = covariance
        group.covariances[j]![i] = covariance
      }
    }
  }
  return { labels: all.map(({ label }) => label), groups: groups as JointMoments[] }
}

function place(index: number): SQLQuery {
  return sql.ident(`v${index}`)
}
