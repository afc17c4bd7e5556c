import { addBlockSums, blockUnits, predictBlock } from '../../regression/block-sums.ts'
import { timesVector } from '../../regression/symmetric-matrix.ts'
import { type Target, type TreatedUnits, targetWeights } from '../units.ts'
import type { Fits, WarmMethod } from './warm-models.ts'

type Place = Exclude<Target, 'ato'>

/**
 * What each unit's outcome is multiplied by in the estimate, treatments and covariates being as they are: means of weighted
 * outcomes and of fits by least squares are sums of outcomes.
 *
 * With inTarget the weight of a unit in the target and w its balancing weight (0 without a propensity), the mean of an arm
 * is (Σ inTarget·xᵀb + Σ w·(y − xᵀb)) / Σ inTarget with b = (X'X)⁻¹X'y over the arm; weights alone are divided by their sum.
 */
export function outcomeFactors(
  units: TreatedUnits,
  fits: Fits,
  { method, target }: { readonly method: WarmMethod; readonly target: Place },
): Float64Array {
  const factors = new Float64Array(units.n)
  const balancing = balancingWeights(units, fits, target)
  if (method === 'ipw') {
    const totals = [0, 0]
    for (let unit = 0; unit < units.n; unit++) totals[units.treatment[unit]!]! += balancing[unit]!
    for (let unit = 0; unit < units.n; unit++) {
      const arm = units.treatment[unit]!
      factors[unit] = ((arm === 1 ? 1 : -1) * balancing[unit]!) / totals[arm]!
    }
    return factors
  }
  const inTarget = targetWeights(units, target)
  let total = 0
  for (let unit = 0; unit < units.n; unit++) total += inTarget[unit]!
  for (const arm of [0, 1] as const) {
    const sign = arm === 1 ? 1 : -1
    const left = new Float64Array(units.n)
    for (let unit = 0; unit < units.n; unit++)
      left[unit] = inTarget[unit]! - (units.treatment[unit] === arm ? balancing[unit]! : 0)
    const direction = timesVector(fits.arms![arm].inverseProducts, columnSums(units, left))
    forBlocks(units, direction, (unit, along) => {
      if (units.treatment[unit] === arm) factors[unit] = (sign * (balancing[unit]! + along)) / total
    })
  }
  return factors
}

function balancingWeights({ n, treatment }: TreatedUnits, { propensity }: Fits, target: Place): Float64Array {
  const weights = new Float64Array(n)
  if (propensity)
    for (let unit = 0; unit < n; unit++)
      weights[unit] = weightOf(target, treatment[unit] === 1, Math.exp(propensity.predicted[unit]!))
  return weights
}

/** Σ v·x over the units, for each column of the outcome's design. */
function columnSums({ n, outcomeDesign: { columns } }: TreatedUnits, values: Float64Array): number[] {
  const sums = new Float64Array(columns.length)
  for (let from = 0; from < n; from += blockUnits) {
    const size = Math.min(blockUnits, n - from)
    addBlockSums(columns, from, size, values.subarray(from, from + size), sums)
  }
  return Array.from(sums)
}

/** Calls back with each unit and its xᵀd. */
function forBlocks(
  { n, outcomeDesign: { columns } }: TreatedUnits,
  direction: readonly number[],
  take: (unit: number, along: number) => void,
): void {
  const block = new Float64Array(blockUnits)
  for (let from = 0; from < n; from += blockUnits) {
    const size = Math.min(blockUnits, n - from)
    predictBlock(columns, from, size, direction, block)
    for (let row = 0; row < size; row++) take(from + row, block[row]!)
  }
}

/** `balancingWeight` by the odds of treatment, without making an object for each unit. */
export function weightOf(target: Exclude<Target, 'ato'>, isTreated: boolean, odds: number): number {
  if (target === 'ate') return isTreated ? 1 + 1 / odds : 1 + odds
  if (target === 'att') return isTreated ? 1 : odds
  return isTreated ? 1 / odds : 1
}
