import type { BootstrapUnits } from './poisson-bootstrap.ts'

/** An outcome of each unit; NaN where it is not known. */
export type OutcomeColumns =
  | { readonly kind: 'mean'; readonly values: ArrayLike<number> }
  | { readonly kind: 'ratio'; readonly numerator: ArrayLike<number>; readonly denominator: ArrayLike<number> }

/** Where an outcome's columns are, and what its BCa interval needs to know of the units. */
export interface OutcomeLayout {
  /** Column of the numerator. */
  readonly numerator: number
  /** Column of the denominator; null for a mean of which all values are known. */
  readonly denominator: number | null
  /** Arm by arm, what the units say without resampling. */
  readonly arms: readonly OutcomeInArm[]
}

/** An outcome of one arm as observed. */
export interface OutcomeInArm {
  /** Units whose outcome is known. */
  readonly n: number
  readonly estimate: number
  /** Sums of the squares and of the cubes of what single units add to the estimate's error. */
  readonly squares: number
  readonly cubes: number
}

/** Units and outcomes as columns to resample, with the place of each outcome among them. */
export function bootstrapOutcomes(
  units: Pick<BootstrapUnits, 'keys' | 'arm' | 'arms'>,
  outcomes: readonly OutcomeColumns[],
): { readonly units: BootstrapUnits; readonly layouts: readonly OutcomeLayout[] } {
  const columns: ArrayLike<number>[] = []
  const add = (column: ArrayLike<number>): number => columns.push(column) - 1
  const layouts = outcomes.map((outcome) => {
    const [top, bottom] = columnsOf(outcome)
    return {
      numerator: add(top),
      denominator: bottom ? add(bottom) : null,
      arms: describeArms(units, top, bottom),
    }
  })
  return { units: { ...units, columns }, layouts }
}

/** Numerator and, where it is not 1 for all units, denominator; what is not known counts in neither. */
function columnsOf(outcome: OutcomeColumns): readonly [Float64Array, Float64Array | null] {
  if (outcome.kind === 'ratio') {
    const isKnown = (row: number) => !Number.isNaN(outcome.numerator[row]! + outcome.denominator[row]!)
    return [
      Float64Array.from(outcome.numerator, (value, row) => (isKnown(row) ? value : 0)),
      Float64Array.from(outcome.denominator, (value, row) => (isKnown(row) ? value : 0)),
    ]
  }
  const values = Float64Array.from(outcome.values)
  if (!values.some(Number.isNaN)) return [values, null]
  return [
    values.map((value) => (Number.isNaN(value) ? 0 : value)),
    values.map((value) => (Number.isNaN(value) ? 0 : 1)),
  ]
}

function describeArms(
  { arm, arms }: Pick<BootstrapUnits, 'arm' | 'arms'>,
  top: Float64Array,
  bottom: Float64Array | null,
): OutcomeInArm[] {
  const below = (row: number) => (bottom ? bottom[row]! : 1)
  const n = new Array<number>(arms).fill(0)
  const tops = new Array<number>(arms).fill(0)
  const bottoms = new Array<number>(arms).fill(0)
  for (let row = 0; row < top.length; row++) {
    const own = arm[row]!
    if (below(row) !== 0 || top[row] !== 0) n[own]!++
    tops[own]! += top[row]!
    bottoms[own]! += below(row)
  }
  const squares = new Array<number>(arms).fill(0)
  const cubes = new Array<number>(arms).fill(0)
  for (let row = 0; row < top.length; row++) {
    const own = arm[row]!
    const influence = (top[row]! - (tops[own]! / bottoms[own]!) * below(row)) / bottoms[own]!
    squares[own]! += influence * influence
    cubes[own]! += influence * influence * influence
  }
  return n.map((count, own) => ({
    n: count,
    estimate: tops[own]! / bottoms[own]!,
    squares: squares[own]!,
    cubes: cubes[own]!,
  }))
}
