import { isRefused, type Refusal } from '../../refusal.ts'
import { fitBinary } from '../../regression/binary-regression.ts'
import { addBlockSums, blockUnits } from '../../regression/block-sums.ts'
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
  readonly columnSums: readonly number[]
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
    columnSums: propensityDesign.columns.map(sumOf),
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
  return change.treatment ? refitPlacebo(units, fits, change.treatment) : refitChanged(units, fits, change)
}

function refitChanged(units: TreatedUnits, fits: Fits, change: Perturbation): Models | undefined {
  const growth = change.counts ? sumOf(change.counts) / units.n : 1
  const propensity =
    fits.propensity && refitPropensity(units, fits.propensity, change, growth, fits.tolerance)
  if (fits.propensity && !propensity) return undefined
  if (!fits.arms) return { ...(propensity && { propensity }) }
  const control = changedArm(fits, change, 0, growth)
  const treated = control && changedArm(fits, change, 1, growth)
  return control && treated && { ...(propensity && { propensity }), arms: [control, treated] }
}

function refitPropensity(
  { treatment, propensityDesign }: TreatedUnits,
  { coefficients, covariance, curvature, predicted }: PropensityFit,
  { counts, covariate }: Perturbation,
  growth: number,
  tolerance: number,
): readonly number[] | undefined {
  if (!counts && !covariate) return coefficients
  const inverse = scaled(covariance, 1 / growth)
  const start: WarmStart = { coefficients, inverse, scale: 1, tolerance, predicted }
  return warmLogit(
    withColumn(propensityDesign, covariate),
    treatment,
    counts,
    extended(start, covariate, curvature * growth),
  )
}

/**
 * The models of treatments that were given to others. They have nothing to do with the covariates, so that the propensity
 * begins at its share and the outcome of each arm at that of all units. All three gradients there come from two sums over
 * the treated: those over everybody are known, of the outcome's residuals they are 0.
 */
function refitPlacebo(units: TreatedUnits, fits: Fits, treatment: Uint8Array): Models | undefined {
  const { n, outcome, propensityDesign, outcomeDesign } = units
  const { together, tolerance } = fits
  const { ofResiduals, ofColumns, treated } = sumsOverTreated(units, fits, treatment)
  const share = treated / n
  const propensity = fits.propensity && placeboPropensity(fits.propensity, ofColumns, share, n, tolerance)
  const fitted = propensity && warmLogit(propensityDesign, treatment, undefined, propensity)
  if (fits.propensity && !fitted) return undefined
  if (!fits.arms) return { ...(fitted && { propensity: fitted }) }
  const armOf = (arm: 0 | 1): readonly number[] | undefined =>
    warmLeastSquares(outcomeDesign, outcome, { treatment, arm }, undefined, {
      coefficients: together.coefficients,
      inverse: scaled(together.inverseProducts, 1 / (arm === 1 ? share : 1 - share)),
      scale: together.variance,
      tolerance,
      predicted: together.predicted,
      gradient: arm === 1 ? ofResiduals : ofResiduals.map((value) => -value),
    })
  const control = armOf(0)
  const own = control && armOf(1)
  return control && own && { ...(fitted && { propensity: fitted }), arms: [control, own] }
}

function placeboPropensity(
  { coefficients, inverseProducts, columnSums }: PropensityFit,
  ofColumns: readonly number[],
  share: number,
  n: number,
  tolerance: number,
): WarmStart {
  const level = Math.log(share / (1 - share))
  return {
    coefficients: coefficients.map((_, index) => (index === 0 ? level : 0)),
    inverse: scaled(inverseProducts, 1 / (share * (1 - share))),
    scale: 1,
    tolerance,
    predicted: new Float64Array(n).fill(level),
    gradient: ofColumns.map((sum, index) => sum - share * columnSums[index]!),
  }
}

/** Σ x·residual and Σ x over the units that are called treated, and their number. */
function sumsOverTreated(
  { n, outcome, propensityDesign, outcomeDesign }: TreatedUnits,
  { together, propensity, arms }: Fits,
  treatment: Uint8Array,
): {
  readonly ofResiduals: readonly number[]
  readonly ofColumns: readonly number[]
  readonly treated: number
} {
  const block = new Float64Array(blockUnits)
  const ofResiduals = new Float64Array(outcomeDesign.columns.length)
  const ofColumns = new Float64Array(propensityDesign.columns.length)
  let treated = 0
  for (let from = 0; from < n; from += blockUnits) {
    const size = Math.min(blockUnits, n - from)
    for (let row = 0; row < size; row++) {
      block[row] = treatment[from + row]!
      treated += block[row]!
    }
    if (propensity) addBlockSums(propensityDesign.columns, from, size, block, ofColumns)
    if (!arms) continue
    for (let row = 0, unit = from; row < size; row++, unit++)
      block[row] = block[row]! * (outcome[unit]! - together.predicted[unit]!)
    addBlockSums(outcomeDesign.columns, from, size, block, ofResiduals)
  }
  return { ofResiduals: Array.from(ofResiduals), ofColumns: Array.from(ofColumns), treated }
}

function sumOf(values: Float64Array): number {
  let sum = 0
  for (let index = 0; index < values.length; index++) sum += values[index]!
  return sum
}

/** One arm's units, of which some count less or more, have another outcome, or one more column. */
function changedArm(
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
