import { isRefused, type Refusal } from '../../refusal.ts'
import { fitBinary } from '../../regression/binary-regression.ts'
import { type Design, linearPredictor } from '../../regression/design.ts'
import { fitLeastSquares, type LeastSquaresFit } from '../../regression/least-squares.ts'
import type { Rows } from '../../regression/symmetric-matrix.ts'
import { selectRows, selectValues } from '../trimming.ts'
import type { TreatedUnits } from '../units.ts'
import type { Perturbation } from './perturbation.ts'
import { type WarmStart, warmLeastSquares, warmLogit } from './warm-fit.ts'

/** Estimates that can be made anew without fitting from nothing. */
export type WarmMethod = 'ipw' | 'aipw' | 'regression_adjustment'

/** The fits of the whole data, where those of changed data start. */
export interface Fits {
  readonly propensity?: PropensityFit
  /** Of the untreated and the treated. */
  readonly arms?: readonly [ArmFit, ArmFit]
  /** The outcome of all units together, where treatment says nothing. */
  readonly together: Fitted
  /** Squared error of the models, in their standard errors, that does not show in the effect. */
  readonly tolerance: number
}

interface PropensityFit {
  readonly coefficients: readonly number[]
  readonly covariance: Rows
  /** Σ e(1 − e). */
  readonly curvature: number
  readonly predicted: Float64Array
  /** (Σ x·xᵀ)⁻¹ of its columns. */
  readonly inverseProducts: Rows
}

interface Fitted {
  readonly coefficients: readonly number[]
  readonly inverseProducts: Rows
  readonly predicted: Float64Array
  readonly variance: number
}

/** The fit of one arm, whose units lie together. */
interface ArmFit extends Fitted {
  readonly units: Int32Array
  readonly design: Design
  readonly outcome: Float64Array
}

/** Fits what the method needs. Refuses what the fits refuse. */
export function fitsOf(units: TreatedUnits, method: WarmMethod): Fits | Refusal {
  const together = fittedOf(units.outcomeDesign, units.outcome)
  if (isRefused(together)) return together
  const arms = method === 'ipw' ? undefined : armFits(units)
  if (arms && isRefused(arms)) return arms
  const propensity = method === 'regression_adjustment' ? undefined : propensityFit(units, together)
  if (propensity && isRefused(propensity)) return propensity
  // What is doubly robust moves with the square of the models' error, all else with the error itself.
  const tolerance = method === 'aipw' ? 2e-3 : 1e-7
  return { together, tolerance, ...(arms && { arms }), ...(propensity && { propensity }) }
}

function propensityFit(
  { propensityDesign, outcomeDesign, treatment, outcome }: TreatedUnits,
  together: Fitted,
): PropensityFit | Refusal {
  const fit = fitBinary(propensityDesign, treatment)
  if (isRefused(fit)) return fit
  const own = propensityDesign === outcomeDesign ? together : fittedOf(propensityDesign, outcome)
  if (isRefused(own)) return own
  return {
    coefficients: fit.coefficients,
    covariance: fit.covariance,
    curvature: fit.slopes.reduce((sum, slope) => sum + slope, 0),
    predicted: linearPredictor(propensityDesign, fit.coefficients),
    inverseProducts: own.inverseProducts,
  }
}

function armFits(units: TreatedUnits): readonly [ArmFit, ArmFit] | Refusal {
  const [control, treated] = [armFit(units, 0), armFit(units, 1)]
  if (isRefused(control)) return control
  return isRefused(treated) ? treated : [control, treated]
}

function armFit({ n, treatment, outcome, outcomeDesign }: TreatedUnits, arm: 0 | 1): ArmFit | Refusal {
  const own = Int32Array.from({ length: n }, (_, unit) => unit).filter((unit) => treatment[unit] === arm)
  const design = selectRows(outcomeDesign, own)
  const values = selectValues(outcome, own)
  const fit = fittedOf(design, values)
  return isRefused(fit) ? fit : { ...fit, units: own, design, outcome: values }
}

function fittedOf(design: Design, outcome: Float64Array): Fitted | Refusal {
  const fit: LeastSquaresFit | Refusal = fitLeastSquares(design, outcome)
  if (isRefused(fit)) return fit
  let squares = 0
  for (let unit = 0; unit < design.n; unit++) squares += (outcome[unit]! - fit.fitted[unit]!) ** 2
  return {
    coefficients: fit.coefficients,
    inverseProducts: fit.inverseProducts,
    predicted: fit.fitted,
    variance: squares / design.n || 1,
  }
}

/** The models of changed data. */
export interface Models {
  readonly propensity?: readonly number[]
  /** Of the untreated and the treated. */
  readonly arms?: readonly [readonly number[], readonly number[]]
}

/** The models of changed data, or undefined where the start is too far off. */
export function refit(units: TreatedUnits, fits: Fits, change: Perturbation): Models | undefined {
  const growth = change.counts ? change.counts.reduce((sum, count) => sum + count, 0) / units.n : 1
  const propensity =
    fits.propensity && refitPropensity(units, fits.propensity, change, growth, fits.tolerance)
  if (fits.propensity && !propensity) return undefined
  if (!fits.arms) return { ...(propensity && { propensity }) }
  const refitOne = change.treatment ? placeboArm : changedArm
  const control = refitOne(units, fits, change, 0, growth)
  const treated = control && refitOne(units, fits, change, 1, growth)
  return control && treated && { ...(propensity && { propensity }), arms: [control, treated] }
}

function refitPropensity(
  { n, treatment, propensityDesign }: TreatedUnits,
  fit: PropensityFit,
  change: Perturbation,
  growth: number,
  tolerance: number,
): readonly number[] | undefined {
  if (!change.treatment && !change.counts && !change.covariate) return fit.coefficients
  const { coefficients, covariance, curvature, predicted } = fit
  let start: WarmStart = {
    coefficients,
    inverse: scaled(covariance, 1 / growth),
    scale: 1,
    tolerance,
    predicted,
  }
  if (change.treatment) {
    // Where treatment is given to others it has nothing to do with the covariates: the start is its share.
    const share = change.treatment.reduce((sum, treated) => sum + treated, 0) / n
    const level = Math.log(share / (1 - share))
    start = {
      coefficients: coefficients.map((_, index) => (index === 0 ? level : 0)),
      inverse: scaled(fit.inverseProducts, 1 / (share * (1 - share))),
      scale: 1,
      tolerance,
      predicted: new Float64Array(n).fill(level),
    }
  }
  return warmLogit(
    withColumn(propensityDesign, change.covariate),
    change.treatment ?? treatment,
    change.counts,
    extended(start, change.covariate, curvature * growth),
  )
}

/** One arm's units, of which some count less or more, have another outcome, or one more column. */
function changedArm(
  _: TreatedUnits,
  fits: Fits,
  { counts, outcome, covariate }: Perturbation,
  arm: 0 | 1,
  growth: number,
): readonly number[] | undefined {
  const { coefficients, inverseProducts, variance, predicted, ...own } = fits.arms![arm]
  const added = covariate && selectValues(covariate, own.units)
  const start: WarmStart = {
    coefficients,
    inverse: scaled(inverseProducts, 1 / growth),
    scale: variance,
    tolerance: fits.tolerance,
    predicted,
    isExact: !counts && !covariate,
  }
  return warmLeastSquares(
    withColumn(own.design, added),
    outcome ? selectValues(outcome, own.units) : own.outcome,
    undefined,
    counts && selectValues(counts, own.units),
    extended(start, added, own.units.length * growth),
  )
}

/** An arm of units that placebos put together: a part of all, about which the outcome of all is the start. */
function placeboArm(
  { n, outcome, outcomeDesign }: TreatedUnits,
  { together, tolerance }: Fits,
  change: Perturbation,
  arm: 0 | 1,
): readonly number[] | undefined {
  const treatment = change.treatment!
  const treated = treatment.reduce((sum, value) => sum + value, 0)
  return warmLeastSquares(outcomeDesign, change.outcome ?? outcome, { treatment, arm }, undefined, {
    coefficients: together.coefficients,
    inverse: scaled(together.inverseProducts, n / (arm === 1 ? treated : n - treated)),
    scale: together.variance,
    tolerance,
    predicted: together.predicted,
  })
}

function scaled(matrix: Rows, factor: number): Rows {
  return factor === 1 ? matrix : matrix.map((row) => row.map((value) => value * factor))
}

/** A design with one more column, where there is one. */
export function withColumn({ n, columns }: Design, covariate: Float64Array | undefined): Design {
  return covariate ? { n, columns: [...columns, covariate] } : { n, columns }
}

/** The start with one more column, as if it had nothing to do with the others; `weight` is what all units weigh. */
function extended(start: WarmStart, covariate: Float64Array | undefined, weight: number): WarmStart {
  if (!covariate) return start
  const n = covariate.length
  let [sum, squares] = [0, 0]
  for (let unit = 0; unit < n; unit++) sum += covariate[unit]!
  for (let unit = 0; unit < n; unit++) squares += (covariate[unit]! - sum / n) ** 2
  return {
    ...start,
    coefficients: [...start.coefficients, 0],
    inverse: [
      ...start.inverse.map((row) => [...row, 0]),
      [...start.coefficients.map(() => 0), n / squares / weight],
    ],
  }
}
