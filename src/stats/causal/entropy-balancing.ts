import { isRefused, type Refusal, refuse } from '../refusal.ts'
import { addLinear, type Design, weightedProducts, weightedSums } from '../regression/design.ts'
import { invertProducts } from '../regression/solve-normal.ts'
import { dot, timesVector } from '../regression/symmetric-matrix.ts'
import { type CausalEffect, type EffectOptions, effectOf, type PotentialMean } from './effect.ts'
import { type Target, type TreatedUnits, targetWeights } from './units.ts'

export interface EntropyBalancingOptions extends EffectOptions {
  readonly target?: Exclude<Target, 'ato'>
}

/** An effect by weights that balance the covariates' means exactly. */
export interface EntropyBalancedEffect extends CausalEffect {
  /** Of each unit, summing to 1 in each arm. */
  readonly weights: Float64Array
}

const mostSteps = 100
const mostHalvings = 40
/** What the dual may rise by, being computed to some 15 digits. */
const rounding = 1e-13
/** Means of standardized covariates that differ by less are the same. */
const smallestImbalance = 1e-10
/** Weights that differ by more than e^this between units mean that no weights balance. */
const largestExponent = 200

/**
 * Entropy balancing: of all weights that give an arm the target's covariate means, those closest to equal.
 *
 * Inputs: units; the columns of the propensity design are balanced. Weights are exp(λᵀx) with λ by Newton's method on
 * the dual. The standard error comes from the influence function with λ and the target's means estimated: the method
 * is right when the propensity is a logit or the outcome linear in the columns. Source: Hainmueller (2012), Political
 * Analysis 20, eq. 5–8; Zhao and Percival (2017), J. Causal Inference 5, theorem 1. Refuses where no weights balance:
 * the target's means lie outside of what the arm has.
 */
export function entropyBalancing(
  units: TreatedUnits,
  { target = 'ate', ...options }: EntropyBalancingOptions = {},
): EntropyBalancedEffect | Refusal {
  const inTarget = targetWeights(units, target)
  const design = withoutConstants(units.propensityDesign)
  const treated = balancedMean(units, design, inTarget, 1)
  if (isRefused(treated)) return treated
  const control = balancedMean(units, design, inTarget, 0)
  if (isRefused(control)) return control
  const effect = effectOf(treated, control, options)
  if (isRefused(effect)) return effect
  const weights = treated.weights.map((weight, unit) => weight + control.weights[unit]!)
  return { ...effect, weights }
}

/** The columns that vary. */
function withoutConstants({ n, columns }: Design): Design {
  return { n, columns: columns.filter((column) => column.some((value) => value !== column[0])) }
}

interface BalancedMean extends PotentialMean {
  readonly weights: Float64Array
}

function balancedMean(
  { treatment, outcome, n }: TreatedUnits,
  design: Design,
  inTarget: Float64Array,
  arm: 0 | 1,
): BalancedMean | Refusal {
  const total = inTarget.reduce((sum, weight) => sum + weight, 0)
  const goal = weightedSums(design, inTarget).map((sum) => sum / total)
  const inArm = Float64Array.from(treatment, (treated) => (treated === arm ? 1 : 0))
  const moved = standardized(design, goal, inArm)
  const weights = balancingWeights(moved, inArm)
  if (isRefused(weights)) return refuse(`the ${arm === 1 ? 'treated' : 'untreated'} ${weights.refused}`)
  let mean = 0
  for (let unit = 0; unit < n; unit++) mean += weights[unit]! * outcome[unit]!
  // μ moves with λ and with the goal along β, the weighted regression of the outcome on the columns.
  const inverse = invertProducts(weightedProducts(moved, weights))
  if ('collinear' in inverse) return refuse(`column ${inverse.collinear + 1} is a combination of the others`)
  const slopes = timesVector(
    inverse,
    weightedSums(
      moved,
      weights.map((weight, unit) => weight * (outcome[unit]! - mean)),
    ),
  )
  const predicted = new Float64Array(n)
  addLinear(moved, slopes, predicted)
  const influence = predicted.map(
    (value, unit) =>
      n * (weights[unit]! * (outcome[unit]! - mean - value) + (inTarget[unit]! / total) * value),
  )
  return { mean, influence, weights }
}

/** Columns about the goal, in standard deviations of the arm. */
function standardized({ n, columns }: Design, goal: readonly number[], inArm: Float64Array): Design {
  const size = inArm.reduce((sum, value) => sum + value, 0)
  return {
    n,
    columns: columns.map((column, index) => {
      const center = goal[index]!
      const centered = column.map((value) => value - center)
      let [mean, squares] = [0, 0]
      for (let unit = 0; unit < n; unit++) mean += (inArm[unit]! * centered[unit]!) / size
      for (let unit = 0; unit < n; unit++) squares += inArm[unit]! * (centered[unit]! - mean) ** 2
      const scale = Math.sqrt(squares / size) || 1
      for (let unit = 0; unit < n; unit++) centered[unit]! /= scale
      return centered
    }),
  }
}

/** Weights exp(λᵀx) of the arm's units, summing to 1, under which every column has mean 0. */
function balancingWeights(design: Design, inArm: Float64Array): Float64Array | Refusal {
  let coefficients = design.columns.map(() => 0)
  let at = weightsAt(design, coefficients, inArm)
  for (let step = 0; step < mostSteps; step++) {
    const means = weightedSums(design, at.weights)
    if (means.every((mean) => Math.abs(mean) < smallestImbalance)) return at.weights
    const products = weightedProducts(design, at.weights)
    const covariance = products.map((row, i) => row.map((value, j) => value - means[i]! * means[j]!))
    const inverse = invertProducts(covariance)
    if ('collinear' in inverse)
      return step === 0
        ? refuse(`units' column ${inverse.collinear + 1} is a combination of the others`)
        : outside
    const direction = timesVector(inverse, means)
    const slope = dot(direction, means)
    let [size, halving] = [1, 0]
    for (; ; halving++, size /= 2) {
      const next = coefficients.map((value, index) => value - size * direction[index]!)
      const there = weightsAt(design, next, inArm)
      if (there.logTotal <= at.logTotal - 1e-4 * size * slope + rounding || halving === mostHalvings) {
        coefficients = next
        at = there
        break
      }
    }
    if (at.spread > largestExponent) return outside
  }
  return outside
}

const outside = refuse(
  'units cannot be weighted to the means of the target: no combination of them is like it',
)

interface DualPoint {
  readonly weights: Float64Array
  /** log Σ exp(λᵀx), what is made smallest. */
  readonly logTotal: number
  /** Largest less smallest exponent. */
  readonly spread: number
}

function weightsAt(design: Design, coefficients: readonly number[], inArm: Float64Array): DualPoint {
  const weights = new Float64Array(design.n)
  addLinear(design, coefficients, weights)
  let [largest, smallest] = [-Infinity, Infinity]
  for (let unit = 0; unit < design.n; unit++) {
    if (inArm[unit] === 0) continue
    largest = Math.max(largest, weights[unit]!)
    smallest = Math.min(smallest, weights[unit]!)
  }
  let total = 0
  for (let unit = 0; unit < design.n; unit++) {
    weights[unit] = inArm[unit] === 0 ? 0 : Math.exp(weights[unit]! - largest)
    total += weights[unit]!
  }
  for (let unit = 0; unit < design.n; unit++) weights[unit]! /= total
  return { weights, logTotal: Math.log(total) + largest, spread: largest - smallest }
}
