import type { JointMoments } from '../../../stats/index.ts'
import type { Session } from '../../../warehouse/index.ts'
import type { ExperimentCell } from '../cell.ts'
import { type CapBounds, capQuantilesQuery, cellsQuery } from './cells-query.ts'
import type { OutcomeVariables } from './outcome-variables.ts'
import type { UnitsSource } from './units-source.ts'

type Row = Readonly<Record<string, string | number | null>>

/** Where outcomes are cut: the numbers that the spec gives, or quantiles of all units' values. */
export async function fetchCapBounds(
  session: Session,
  units: UnitsSource,
  variables: readonly OutcomeVariables[],
): Promise<CapBounds> {
  const query = capQuantilesQuery(units, variables)
  const row: Row = query ? ((await session.query<Row>(query)).rows[0] ?? {}) : {}
  const bounds = variables.flatMap(({ outcome: { name, cap } }, index) => {
    if (cap === undefined) return []
    const bound = (side: 'lower' | 'upper'): number | undefined => {
      const found = row[`${side}_${index}`]
      return cap[side] ?? (found === null || found === undefined ? undefined : Number(found))
    }
    const [lower, upper] = [bound('lower'), bound('upper')]
    return [[name, { ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) }] as const]
  })
  return new Map(bounds)
}

/** Fetches the cells of an experiment with one scan of its units. */
export async function fetchCells(
  session: Session,
  units: UnitsSource,
  variables: readonly OutcomeVariables[],
  bounds: CapBounds,
): Promise<ExperimentCell[]> {
  const { rows } = await session.query<Row>(cellsQuery(units, variables, bounds))
  return rows.flatMap((row) => variables.map((one, index) => readCell(row, one, index)))
}

function readCell(row: Row, { outcome, names, own }: OutcomeVariables, index: number): ExperimentCell {
  const outcomeMoments = readMoments(row, `o_`, index, own)
  const text = (value: string | number | null | undefined): string | null =>
    value === null || value === undefined ? null : String(value)
  return {
    outcome: outcome.name,
    arm: text(row.arm) ?? 'null',
    segmentName: text(row.segment_name),
    segmentValue: text(row.segment_value),
    stratum: text(row.stratum),
    day: null,
    units: Number(row.units),
    missing: Number(row.units) - outcomeMoments.n,
    variables: names,
    moments: names.length === own ? outcomeMoments : readMoments(row, `a_`, index, names.length),
    outcomeMoments,
  }
}

/** Of two variables the query gives sums of products, otherwise variances and covariances. */
function readMoments(row: Row, prefix: string, index: number, size: number): JointMoments {
  const read = (name: string): number => Number(row[`${prefix}${name}_${index}`] ?? Number.NaN)
  const n = read('n')
  const covariance = (i: number, j: number): number => {
    const place = `${Math.min(i, j)}_${Math.max(i, j)}`
    return size === 2 ? read(`s${place}`) / (n - 1) : read(`v${place}`)
  }
  const indices = Array.from({ length: size }, (_, place) => place)
  return {
    n,
    means: indices.map((i) => read(`m${i}`)),
    covariances: indices.map((i) => indices.map((j) => covariance(i, j))),
  }
}
