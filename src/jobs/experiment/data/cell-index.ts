import type { ExperimentCell } from '../cell.ts'

/** Whom a number speaks about: everybody, or the units of one segment. */
export interface Scope {
  readonly segmentName: string | null
  readonly segmentValue: string | null
}

/** Everybody. */
export const wholePopulation: Scope = { segmentName: null, segmentValue: null }

/** How the arms of another experiment are named among the segments. */
export function interactionSegment(experiment: string): string {
  return `experiment:${experiment}`
}

/** Which state of a scope is meant: all strata together on the last day, if not said otherwise. */
export interface CellPlace {
  readonly stratum?: string
  readonly day?: string | null
}

/** Cells by what they are of. */
export interface CellIndex {
  /** Everybody first, then segments by name and value. */
  readonly scopes: readonly Scope[]
  readonly strata: readonly string[]
  /** In order of time; null alone where only one state is known. */
  readonly days: readonly (string | null)[]
  readonly latest: string | null
  readonly find: (
    outcome: string,
    arm: string,
    scope?: Scope,
    place?: CellPlace,
  ) => ExperimentCell | undefined
  /** Units of an arm, whichever outcome they are counted with. */
  readonly unitsOf: (arm: string, scope?: Scope, place?: CellPlace) => number
}

/** Makes cells findable by outcome, arm, scope, stratum and day. */
export function indexCells(cells: readonly ExperimentCell[]): CellIndex {
  const byKey = new Map<string, ExperimentCell>()
  const units = new Map<string, number>()
  const scopes = new Map<string, Scope>()
  for (const cell of cells) {
    byKey.set(keyOf(cell.outcome, cell.arm, cell, cell.stratum, cell.day), cell)
    const place = keyOf('', cell.arm, cell, cell.stratum, cell.day)
    units.set(place, Math.max(units.get(place) ?? 0, cell.units))
    const { segmentName, segmentValue } = cell
    scopes.set(JSON.stringify([segmentName, segmentValue]), { segmentName, segmentValue })
  }
  const days = [...new Set(cells.map(({ day }) => day))].sort((a, b) => compare(a ?? '', b ?? ''))
  const latest = days.at(-1) ?? null
  return {
    scopes: [...scopes.values()].sort(compareScopes),
    strata: [...new Set(cells.flatMap(({ stratum }) => (stratum === null ? [] : [stratum])))].sort(compare),
    days,
    latest,
    find: (outcome, arm, scope = wholePopulation, { stratum = null, day = latest } = {}) =>
      byKey.get(keyOf(outcome, arm, scope, stratum, day)),
    unitsOf: (arm, scope = wholePopulation, { stratum = null, day = latest } = {}) =>
      units.get(keyOf('', arm, scope, stratum, day)) ?? 0,
  }
}

function keyOf(
  outcome: string,
  arm: string,
  { segmentName, segmentValue }: Scope,
  stratum: string | null | undefined,
  day: string | null,
): string {
  // Asked for thousands of times; what comes from Postgres holds no zero character.
  return [outcome, arm, told(segmentName), told(segmentValue), told(stratum), told(day)].join('\0')
}

/** Null is another thing than any text. */
function told(value: string | null | undefined): string {
  return value === null || value === undefined ? '' : `=${value}`
}

function compareScopes(a: Scope, b: Scope): number {
  return (
    Number(a.segmentName !== null) - Number(b.segmentName !== null) ||
    compare(a.segmentName ?? '', b.segmentName ?? '') ||
    Number(a.segmentValue !== null) - Number(b.segmentValue !== null) ||
    compare(a.segmentValue ?? '', b.segmentValue ?? '')
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
