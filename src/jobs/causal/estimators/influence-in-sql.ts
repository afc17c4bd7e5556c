import type { Session, SQLQuery } from '../../../warehouse/index.ts'
import { sql } from '../../../warehouse/index.ts'
import type { CausalSource } from '../data/causal-source.ts'
import type { NamedValue } from '../data/fetch-moments.ts'
import type { AdjustedInfluence, AdjustedSquares, Linear } from './adjusted-means.ts'

/** Sums the squared influence of the units in the database, in one pass. */
export function squaresInSql(
  session: Session,
  source: CausalSource,
  values: readonly NamedValue[],
): AdjustedSquares {
  return async (influence) => {
    const used = [influence.outcome, ...influence.covariates]
    const columns = used.map((label, index) => {
      const found = values.find((one) => one.label === label)!
      return sql`${found.value} as ${sql.ident(`v${index}`)}`
    })
    const { rows } = await session.query<{ squares: number }>(sql`
      select sum(influence * influence) as squares
      from (
        select ${influenceOf(influence)} as influence
        from (select ${source.treatment} as treated, ${sql.join(columns, sql`, `)} from ${source.from} as unit) as units
      ) as influences`)
    return rows[0]!.squares
  }
}

function influenceOf({ target, targetShare, difference, fits }: AdjustedInfluence): SQLQuery {
  const inTarget = target === 'ate' ? sql`1` : target === 'att' ? sql`treated` : sql`(1 - treated)`
  const [control, treated] = fits as [AdjustedInfluence['fits'][number], AdjustedInfluence['fits'][number]]
  const residual = ({ fit, direction }: AdjustedInfluence['fits'][number]): SQLQuery =>
    sql`(${linear(direction)}) * (v0 - (${linear(fit)}))`
  return sql`${inTarget} * (${linear(difference)}) / ${targetShare}::float8
    + treated * ${residual(treated)} - (1 - treated) * ${residual(control)}`
}

/** Of the covariates, which are `v1` and on. */
function linear({ constant, slopes }: Linear): SQLQuery {
  return sql.join(
    [
      sql`${constant}::float8`,
      ...slopes.map((slope, index) => sql`${slope}::float8 * ${sql.ident(`v${index + 1}`)}`),
    ],
    sql` + `,
  )
}
