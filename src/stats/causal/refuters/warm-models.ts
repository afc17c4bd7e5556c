import { isRefused, type Refusal } from '../../refusal.ts'
import { fitBinary } from '../../regression/binary-regression.ts'
import type { Design } from '../../regression/design.ts'
import { fitLeastSquares, type LeastSquaresFit } from '../../regression/least-squares.ts'
import type { Rows } from '../../regression/symmetric-matrix.ts'
import { fitGroup } from '../outcome-regression.ts'
import type { TreatedUnits } from '../units.ts'
import type { Perturbation } from './perturbation.ts'
import { type WarmStart, warmLeastSquares, warmLogit } from './warm-fit.ts'

/** Estimates that can be made anew without fitting from nothing. */
export type WarmMethod = 'ipw' | 'aipw' | 'regression_adjustment'

/** The fits of the whole data, where those of changed data start. */
export interface Fits {
  readonly propensity?: {
    readonly coefficients: readonly number[]
    readonly covariance: Rows
    /** Σ e(1 − e). */
    readonly curvature: number
  }
  readonly arms?: readonly [ArmFit, ArmFit]
  /** Of all units together, where treatment says nothing. */
  readonly together: ArmFit
  readonly propensityProducts: Rows
}

interface ArmFit {
  readonly fit: Pick<LeastSquaresFit, 'coefficients' | 'inverseProducts'>
  readonly variance: number
  readonly size: number
}

/** Fits what the method needs. Refuses what the fits refuse. */
export function fitsOf(units: TreatedUnits, method: WarmMethod): Fits | Refusal {
  const { propensityDesign, outcomeDesign, outcome, treatment } = units
  const together = fitLeastSquares(outcomeDesign, outcome)
  if (isRefused(together)) return together
  const measured = {
    together: armFit(units, together, () => true),
    propensityProducts: together.inverseProducts,
  }
  const arms = method === 'ipw' ? undefined : armFits(units)
  if (arms && isRefused(arms)) return arms
  if (method === 'regression_adjustment') return { ...measured, ...(arms && { arms }) }
  const propensity = fitBinary(propensityDesign, treatment)
  if (isRefused(propensity)) return propensity
  const { coefficients, covariance, slopes } = propensity
  let { propensityProducts } = measured
  if (propensityDesign !== outcomeDesign) {
    const own = fitLeastSquares(propensityDesign, outcome)
    if (isRefused(own)) return own
    propensityProducts = own.inverseProducts
  }
  return {
    together: measured.together,
    propensityProducts,
    propensity: { coefficients, covariance, curvature: slopes.reduce((sum, slope) => sum + slope, 0) },
    ...(arms && { arms }),
  }
}

function armFits(units: TreatedUnits): readonly [ArmFit, ArmFit] | Refusal {
  const control = fitGroup(units, false)
  if (isRefused(control)) return control
  const treated = fitGroup(units, true)
  if (isRefused(treated)) return treated
  return [
    armFit(units, control, (unit) => units.treatment[unit] === 0),
    armFit(units, treated, (unit) => units.treatment[unit] === 1),
  ]
}

function armFit(
  { outcome, n }: TreatedUnits,
  { coefficients, inverseProducts, fitted }: LeastSquaresFit,
  isIn: (unit: number) => boolean,
): ArmFit {
  let [squares, size] = [0, 0]
  for (let unit = 0; unit < n; unit++) {
    if (!isIn(unit)) continue
    squares += (outcome[unit]! - fitted[unit]!) ** 2
    size++
  }
  return { fit: { coefficients, inverseProducts }, variance: squares / size || 1, size }
}

/** The models of changed data. */
export interface Models {
  readonly propensity?: readonly number[]
  /** Of the untreated and the treated. */
  readonly arms?: readonly [readonly number[], readonly number[]]
}

/** The models of changed data, or undefined where the start is too far off. */
export function refit(
  units: TreatedUnits,
  fits: Fits,
  method: WarmMethod,
  change: Perturbation,
): Models | undefined {
  const treatment = change.treatment ?? units.treatment
  const total = change.counts ? change.counts.reduce((sum, count) => sum + count, 0) : units.n
  const models: { propensity?: readonly number[]; arms?: readonly [readonly number[], readonly number[]] } =
    {}
  if (fits.propensity) {
    const isSame = !change.treatment && !change.counts && !change.covariate
    const propensity = isSame
      ? fits.propensity.coefficients
      : warmLogit(
          withColumn(units.propensityDesign, change.covariate),
          treatment,
          change.counts,
          logitStart(units, fits, change, total),
        )
    if (!propensity) return undefined
    models.propensity = propensity
  }
  if (method !== 'ipw') {
    const design = withColumn(units.outcomeDesign, change.covariate)
    const arms = ([0, 1] as const).map((arm) =>
      warmLeastSquares(
        design,
        change.outcome ?? units.outcome,
        treatment,
        arm,
        change.counts,
        armStart(fits, change, arm, total / units.n),
      ),
    )
    if (!arms[0] || !arms[1]) return undefined
    models.arms = [arms[0], arms[1]]
  }
  return models
}

/** Where treatment is given to others it has nothing to do with the covariates: the start is its share. */
function logitStart(units: TreatedUnits, fits: Fits, change: Perturbation, total: number): WarmStart {
  const { coefficients, covariance, curvature } = fits.propensity!
  const growth = total / units.n
  if (!change.treatment)
    return extended(
      { coefficients, inverse: scaled(covariance, 1 / growth), scale: 1 },
      change.covariate,
      curvature * growth,
    )
  const share = change.treatment.reduce((sum, treated) => sum + treated, 0) / units.n
  return {
    coefficients: coefficients.map((_, index) => (index === 0 ? Math.log(share / (1 - share)) : 0)),
    inverse: scaled(fits.propensityProducts, 1 / (share * (1 - share))),
    scale: 1,
  }
}

function armStart(fits: Fits, change: Perturbation, arm: 0 | 1, growth: number): WarmStart {
  const own = fits.arms![arm]
  const isPlacebo = change.treatment !== undefined
  const { fit, variance, size } = isPlacebo ? fits.together : own
  const start: WarmStart = {
    coefficients: fit.coefficients,
    inverse: scaled(fit.inverseProducts, isPlacebo ? size / own.size : 1 / growth),
    scale: variance,
  }
  return extended(start, change.covariate, own.size * growth)
}

function scaled(matrix: Rows, factor: number): Rows {
  return factor === 1 ? matrix : matrix.map((row) => row.map((value) => value * factor))
}

/** A design with one more column, where there is one. */
export function withColumn({ n, columns }: Design, covariate: Float64Array | undefined): Design {
  return covariate ? { n, columns: [...columns, covariate] } : { n, columns }
}

/** The start with one more column, as if it had nothing to do with the others; `weight` is what all units weigh. */
function extended(
  { coefficients, inverse, scale }: WarmStart,
  covariate: Float64Array | undefined,
  weight: number,
): WarmStart {
  if (!covariate) return { coefficients, inverse, scale }
  const n = covariate.length
  let [sum, squares] = [0, 0]
  for (let unit = 0; unit < n; unit++) sum += covariate[unit]!
  for (let unit = 0; unit < n; unit++) squares += (covariate[unit]! - sum / n) ** 2
  return {
    coefficients: [...coefficients, 0],
    inverse: [...inverse.map((row) => [...row, 0]), [...coefficients.map(() => 0), n / squares / weight]],
    scale,
  }
}
