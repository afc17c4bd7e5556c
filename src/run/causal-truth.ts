import type { CausalSpec } from '../core/causal-spec.ts'
import type { DidSpec } from '../core/did-spec.ts'
import type { Relation } from '../core/node.ts'
import type { DiscontinuitySpec, SeriesSpec } from '../core/quasi-spec.ts'
import { causalSource } from '../jobs/causal/data/causal-source.ts'
import { columnsOf, type Queryable, relationIdent, type SQLQuery, sql } from '../warehouse/index.ts'

/*
 * What is true of a causal question where a generator wrote it: for who judges the answer. The job that gives it never
 * reads this.
 */

/** The relations of the schema `truth` that a question names. */
export function truthRelations({ truth }: CausalSpec | DidSpec | DiscontinuitySpec | SeriesSpec): Relation[] {
  const tables = [truth?.effects, truth && 'units' in truth ? truth.units?.table : undefined]
  return tables.flatMap((identifier) =>
    identifier === undefined ? [] : [{ schema: 'truth', identifier } as Relation],
  )
}

/** What one unit comes to either way, of each outcome, and how likely it was to be treated. */
export interface UnitTruth {
  readonly key: string
  readonly propensity: number
  /** Without and with, outcome by outcome. */
  readonly potential: readonly (readonly [without: number, withTreatment: number])[]
}

type TrueUnits = NonNullable<NonNullable<CausalSpec['truth']>['units']>

/** Reads what was written of each unit. */
export async function readUnitTruths(on: Queryable, truth: TrueUnits): Promise<UnitTruth[]> {
  const outcomes = truth.outcomes.flatMap((outcome) => [
    potential(outcome, 'without'),
    potential(outcome, 'with'),
  ])
  const { rows } = await on.query<UnitTruth>(sql`
    select
      ${column(truth.unit)}::text as key,
      ${column(truth.propensity)}::float8 as propensity,
      json_build_array(${sql.join(
        truth.outcomes.map(
          (_, index) => sql`json_build_array(${outcomes[2 * index]!}, ${outcomes[2 * index + 1]!})`,
        ),
        sql`, `,
      )}) as potential
    from ${tableOf(truth)} as truth`)
  return rows
}

/** The true effect of each estimand on each outcome of the units in question: who was treated is what the data say. */
export async function readTrueEffects(
  on: Queryable,
  spec: CausalSpec,
  units: Relation,
): Promise<{ readonly outcome: string; readonly estimand: string; readonly value: number }[]> {
  const truth = spec.truth!.units!
  if (truth.outcomes.length === 0 || spec.treatment.kind === 'continuous') return []
  const found = (await columnsOf(on, units)) ?? []
  const types = new Map(found.map(({ name, type }) => [name, type]))
  if (!types.has(spec.treatment.column) || !types.has(spec.data.unit)) return []
  const { from, treatment } = causalSource(spec, units, { types })
  const effects = truth.outcomes.map(
    (outcome) => sql`
    select
      ${outcome.outcome} as outcome,
      ${treatment} as treated,
      ${column(truth.propensity)}::float8 as e,
      ${potential(outcome, 'with')} - ${potential(outcome, 'without')} as effect
    from ${from} as unit
    join ${tableOf(truth)} as truth on ${column(truth.unit)}::text = unit.${sql.ident(spec.data.unit)}::text
    where (${treatment}) is not null`,
  )
  const { rows } = await on.query<{ outcome: string; estimand: string; value: number }>(sql`
    with effects as (${sql.join(effects, sql` union all `)}),
    sums as (
      select
        outcome,
        avg(effect) as ate,
        avg(effect) filter (where treated = 1) as att,
        avg(effect) filter (where treated = 0) as atc,
        sum(e * (1 - e) * effect) / nullif(sum(e * (1 - e)), 0) as ato
      from effects
      group by outcome
    )
    select outcome, estimand, value
    from sums
    cross join lateral (values ('ate', ate), ('att', att), ('atc', atc), ('ato', ato)) as each (estimand, value)
    where value is not null`)
  return rows
}

function tableOf({ table }: TrueUnits): SQLQuery {
  return relationIdent({ schema: 'truth', identifier: table } as Relation)
}

function column(name: string): SQLQuery {
  return sql`truth.${sql.ident(name)}`
}

/** A column as a number in the outcome's unit: yes and no count as 1 and 0. */
function potential(outcome: TrueUnits['outcomes'][number], side: 'without' | 'with'): SQLQuery {
  const value = column(outcome[side])
  return sql`(case ${value}::text when 'true' then 1 when 'false' then 0 else ${value}::text::float8 end
    * ${outcome.scale}::float8)`
}
