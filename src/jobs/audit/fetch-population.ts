import type { ExperimentSpec } from '../../core/experiment-spec.ts'
import { type SQLQuery, sql } from '../../warehouse/index.ts'
import { columnTypes } from '../experiment/data/column-types.ts'
import { fetchCapBounds } from '../experiment/data/fetch-cells.ts'
import { keptUnitsOf } from '../experiment/data/fetch-kept-evidence.ts'
import { outcomeKind, outcomeVariables } from '../experiment/data/outcome-variables.ts'
import { fetchUnitRows, type UnitRows } from '../experiment/data/unit-rows.ts'
import { ownUnits, type UnitsSource } from '../experiment/data/units-source.ts'
import type { JobContext } from '../job.ts'
import { auditedOutcomes } from './audited-spec.ts'
import type { AuditedOutcome, Population } from './population.ts'

type Context = Pick<JobContext, 'session' | 'relationOf' | 'job'>

/**
 * Fetches the units of an experiment, of all its arms together. Where an outcome or covariate of a unit is not known,
 * the unit is left out; of outcomes from several sets of metrics only those of the first one's are audited.
 */
export async function fetchPopulation(spec: ExperimentSpec, context: Context): Promise<Population> {
  const { session } = context
  const { data } = spec
  const all = auditedOutcomes(spec)
  if (data.kind === 'units') {
    const types = await columnTypes(spec, data, context)
    const units = ownUnits({ ...spec, interactions: [] }, data, context.relationOf, types)
    const variables = outcomeVariables({ ...spec, outcomes: all })
    const bounds = await fetchCapBounds(session, units, variables)
    const day = data.time === undefined ? null : dayOf(sql`unit.${sql.ident(data.time)}`)
    return populationOf(
      { ...spec, outcomes: all },
      await fetchUnitRows(session, units, variables, bounds, day),
    )
  }
  const [first] = all
  const set = first?.source.from === 'metrics' ? first.source.set : ''
  const outcomes = all.filter(({ source }) => source.from === 'metrics' && source.set === set)
  const own = { ...spec, outcomes }
  const units: UnitsSource = await keptUnitsOf(own, set, context)
  const day = sql`unit.exposed_day::text`
  return populationOf(own, await fetchUnitRows(session, units, outcomeVariables(own), new Map(), day))
}

function dayOf(instant: SQLQuery): SQLQuery {
  return sql`(${instant} at time zone 'UTC')::date::text`
}

function populationOf(spec: ExperimentSpec, rows: UnitRows): Population {
  const columns = spec.outcomes.map(({ name }) => rows.variables.get(name)!)
  const kept: number[] = []
  for (let row = 0; row < rows.n; row++)
    if (columns.every((values) => values.every((column) => !Number.isNaN(column[row]!)))) kept.push(row)
  const variables = outcomeVariables(spec)
  const { days, exposedDay } = daysOf(rows, kept)
  return {
    units: kept.length,
    days,
    exposedDay,
    outcomes: spec.outcomes.map(
      (outcome, index): AuditedOutcome => ({
        name: outcome.name,
        kind: outcomeKind(outcome) as AuditedOutcome['kind'],
        variables: variables[index]!.names,
        values: columns[index]!.map((column) => Float64Array.from(kept, (row) => column[row]!)),
      }),
    ),
  }
}

/** The days of exposure in order, and each unit's. */
function daysOf({ days }: UnitRows, kept: readonly number[]): Pick<Population, 'days' | 'exposedDay'> {
  if (!days) return { days: [null], exposedDay: new Int32Array(kept.length) }
  const order = [...days.texts].toSorted()
  const places = new Map(order.map((text, place) => [text, place]))
  return {
    days: order,
    exposedDay: Int32Array.from(kept, (row) => places.get(days.texts[days.codes[row]!]!) ?? 0),
  }
}
