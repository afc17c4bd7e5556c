import type { CausalSpec } from '../../../core/causal-spec.ts'
import { makeProblem, ProblemError } from '../../../core/problem.ts'
import { sql } from '../../../warehouse/index.ts'
import type { JobContext } from '../../job.ts'
import type { CausalSource } from './causal-source.ts'
import type { CausalColumns } from './causal-variables.ts'

/** What is known of the units before any of them is looked at. */
export interface CausalFacts {
  /** Rows that the question is about. */
  readonly rows: number
  /** Of them those that are neither treated nor control. */
  readonly neither: number
  /** Of the others those that lack a value, and of which column. */
  readonly incomplete: number
  readonly missing: readonly { readonly column: string; readonly units: number }[]
  /** Units of either group of which all is known. */
  readonly treated: number
  readonly control: number
  /** Levels of the categorical variables by node, the most frequent one first. */
  readonly levels: ReadonlyMap<string, readonly string[]>
}

/** So many levels are more likely a key than a category. */
const mostLevels = 60

/** Counts the units and what is missing of them; throws where the question's own policy refuses them. */
export async function fetchFacts(
  spec: CausalSpec,
  { variables, types }: CausalColumns,
  source: CausalSource,
  needed: readonly string[],
  { session, job }: Pick<JobContext, 'session' | 'job'>,
): Promise<CausalFacts> {
  const refuse = (message: string, hint: string): never => {
    throw new ProblemError(makeProblem('job-failed', message, { place: job.place, hint }))
  }
  const isIn = sql`(${source.treatment}) is not null`
  const known = needed.map((column) => sql`unit.${sql.ident(column)} is not null`)
  const whole = known.length === 0 ? sql`true` : sql.join(known, sql` and `)
  const isBinary = spec.treatment.kind === 'binary'
  const { rows } = await session.query<Record<string, number>>(sql`
    select
      count(*)::float8 as rows,
      count(*) filter (where not (${isIn}))::float8 as neither,
      count(*) filter (where ${isIn} and not (${whole}))::float8 as incomplete,
      count(*) filter (where ${isIn} and ${whole} and ${source.treatment} = 1)::float8 as treated,
      count(*) filter (where ${isIn} and ${whole} and ${source.treatment} = 0)::float8 as control,
      count(*) filter (where ${source.treatment} not in (0, 1))::float8 as other,
      count(distinct unit.${sql.ident(spec.data.unit)})::float8 as units
      ${sql.join(
        needed.map(
          (column, index) =>
            sql`, count(*) filter (where ${isIn} and unit.${sql.ident(column)} is null)::float8 as ${sql.ident(`missing_${index}`)}`,
        ),
        sql``,
      )}
    from ${source.from} as unit`)
  const counts = rows[0]!
  if (counts['rows'] === 0)
    refuse(`'${spec.data.ref}' has no unit that the question is about`, 'look at units.where')
  if (counts['units']! < counts['rows']!)
    refuse(
      `'${spec.data.unit}' is not the key of a unit: ${counts['rows']! - counts['units']!} of ${counts['rows']} rows repeat one or have none`,
      'a causal question needs one row per unit',
    )
  if (isBinary && counts['other']! > 0)
    refuse(
      `treatment '${spec.treatment.column}' has other values than 0 and 1 in ${counts['other']} units`,
      `write treatment: { column: ${spec.treatment.column}, treated: …, control: … }, or kind: continuous`,
    )
  const missing = needed
    .map((column, index) => ({ column, units: counts[`missing_${index}`]! }))
    .filter(({ units }) => units > 0)
  if (counts['incomplete']! > 0 && spec.missing === 'refuse')
    refuse(
      `of ${counts['incomplete']} units something is not known: ${missing.map(({ column, units }) => `${column} of ${units}`).join(', ')}`,
      'write missing: drop to leave them out, or fill them in the model',
    )
  const levels = new Map<string, readonly string[]>()
  for (const { node, column, kind } of variables) {
    if (kind !== 'categorical') continue
    const name = sql`unit.${sql.ident(column)}::text`
    const found = await session.query<{ level: string }>(sql`
      select ${name} as level
      from ${source.from} as unit
      where ${isIn} and ${whole} and ${name} is not null
      group by 1
      order by count(*) desc, 1
      limit ${mostLevels + 1}`)
    if (found.rows.length > mostLevels)
      refuse(
        `'${column}' (${types.get(column)}) has more than ${mostLevels} levels`,
        'group them in the model; a category of few units each cannot be adjusted for',
      )
    levels.set(
      node,
      found.rows.map(({ level }) => level),
    )
  }
  return {
    rows: counts['rows']!,
    neither: counts['neither']!,
    incomplete: counts['incomplete']!,
    missing,
    treated: counts['treated']!,
    control: counts['control']!,
    levels,
  }
}
