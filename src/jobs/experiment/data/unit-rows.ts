import { hashKey } from '../../../stats/index.ts'
import { type Session, type SQLQuery, sql } from '../../../warehouse/index.ts'
import {
  type BinaryColumnKind,
  type FloatColumn,
  type KeyColumn,
  readBinaryRows,
  type TextColumn,
} from './binary-rows.ts'
import type { Scope } from './cell-index.ts'
import { asFiniteNumber, type CapBounds } from './cells-query.ts'
import type { OutcomeVariables } from './outcome-variables.ts'
import type { UnitsSource } from './units-source.ts'

/*
 * The units one by one, for the few methods that no sums can serve: quantiles, bootstrap, clusters, predictions and
 * switchbacks.
 */

export interface UnitRows {
  readonly n: number
  readonly arms: TextColumn
  /** A hash of each unit's key; the bootstrap's weights hang on it and not on the order of the rows. */
  readonly keys: Float64Array
  /** The variables of each outcome, in the order of its cells; null is NaN. */
  readonly variables: ReadonlyMap<string, readonly Float64Array[]>
  /** All that was measured before the experiment, for whichever outcome. */
  readonly covariates: readonly Float64Array[]
  readonly segments: ReadonlyMap<string, TextColumn>
  readonly cluster: TextColumn | null
  /** ISO dates of the units' exposure; null where they were not asked for. */
  readonly days: TextColumn | null
}

/** The units of one arm whose outcome is known. */
export interface ArmRows {
  readonly n: number
  readonly keys: Float64Array
  readonly variables: readonly Float64Array[]
  /** Covariates of other outcomes. */
  readonly others: readonly Float64Array[]
  /** A number for each cluster, the same in both arms; null where units are their own clusters. */
  readonly clusters: Int32Array | null
}

/** Fetches the units as one stream; `day` is what gives the date of a unit's exposure as text. */
export async function fetchUnitRows(
  session: Session,
  units: UnitsSource,
  outcomes: readonly OutcomeVariables[],
  bounds: CapBounds,
  day: SQLQuery | null = null,
): Promise<UnitRows> {
  const columns = [...new Set(outcomes.flatMap((outcome) => outcome.columns))]
  const texts = [...units.segments, ...(units.cluster === null ? [] : [units.cluster])]
  const kinds: BinaryColumnKind[] = [
    'text',
    'key',
    ...columns.map(() => 'float8' as const),
    ...texts.map(() => 'text' as const),
    ...(day ? ['text' as const] : []),
  ]
  const asText = (column: string) => sql`unit.${sql.ident(column)}::text`
  const selected = [
    asText(units.arm),
    asText(units.unit),
    ...columns.map((column) => asFiniteNumber(column, units.types)),
    ...texts.map(asText),
    ...(day ? [day] : []),
  ]
  const query = sql`select ${sql.join(selected, sql`, `)} from ${units.from} as unit`
  const { n, columns: read } = await readBinaryRows(session.copyOut(query, 'binary'), kinds)
  const [arms, unitKeys, ...rest] = read as [TextColumn, KeyColumn, ...(FloatColumn | TextColumn)[]]
  const numbers = new Map(columns.map((column, index) => [column, (rest[index] as FloatColumn).values]))
  const text = (index: number): TextColumn => rest[columns.length + index] as TextColumn
  const variables = new Map(
    outcomes.map(({ outcome, columns: own, own: size }) => [
      outcome.name,
      own.map((column, place) =>
        place % size === 0 ? capped(numbers.get(column)!, bounds.get(outcome.name)) : numbers.get(column)!,
      ),
    ]),
  )
  return {
    n,
    arms,
    keys: Float64Array.from(unitKeys.keys, (key) => hashKey(key, 0)),
    variables,
    covariates: outcomes.flatMap(({ outcome, own }) => variables.get(outcome.name)!.slice(own)),
    segments: new Map(units.segments.map((name, index) => [name, text(index)])),
    cluster: units.cluster === null ? null : text(units.segments.length),
    days: day ? text(texts.length) : null,
  }
}

function capped(values: Float64Array, bounds: { lower?: number; upper?: number } | undefined): Float64Array {
  if (!bounds) return values
  const { lower = -Infinity, upper = Infinity } = bounds
  return values.map((value) => (value > upper ? upper : value < lower ? lower : value))
}

/** The places of an arm's rows in a scope. */
export function rowsIn(rows: UnitRows, arm: string, scope: Scope): Int32Array {
  const armCode = rows.arms.texts.indexOf(arm)
  if (scope.segmentName !== null && !rows.segments.has(scope.segmentName)) return new Int32Array(0)
  const segment = scope.segmentName === null ? undefined : rows.segments.get(scope.segmentName)
  const value = scope.segmentValue === null ? -1 : segment?.texts.indexOf(scope.segmentValue)
  const kept: number[] = []
  for (let row = 0; row < rows.n; row++)
    if (rows.arms.codes[row] === armCode && (!segment || segment.codes[row] === value)) kept.push(row)
  return Int32Array.from(kept)
}

/** The rows at these places whose outcome is known. */
export function armRows(rows: UnitRows, places: Int32Array, outcome: string, own: 1 | 2): ArmRows {
  const variables = rows.variables.get(outcome) ?? []
  const outcomes = variables.slice(0, own)
  const kept = places.filter((row) => outcomes.every((values) => !Number.isNaN(values[row]!)))
  const pick = (values: Float64Array) => Float64Array.from(kept, (row) => values[row]!)
  const { cluster } = rows
  return {
    n: kept.length,
    keys: pick(rows.keys),
    variables: variables.map(pick),
    others: rows.covariates.filter((values) => !variables.includes(values)).map(pick),
    clusters: cluster && Int32Array.from(kept, (row) => cluster.codes[row]!),
  }
}
