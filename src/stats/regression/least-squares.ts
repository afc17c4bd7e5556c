import { type Refusal, refuse } from '../refusal.ts'
import { addLinear, type Design, linearPredictor, weightedProducts, weightedSums } from './design.ts'
import { invertProducts } from './solve-normal.ts'
import { timesVector } from './symmetric-matrix.ts'

export interface LeastSquaresFit {
  readonly coefficients: readonly number[]
  /** xᵢᵀ·b for every unit of the design, also for those without weight. */
  readonly fitted: Float64Array
  /** (Σ wᵢ·xᵢ·xᵢᵀ)⁻¹. */
  readonly inverseProducts: readonly (readonly number[])[]
  /**
   * Adds to each unit of `into` how much it moves gradientᵀ·b: n·gradientᵀ·(XᵀWX)⁻¹·xᵢ·wᵢ·eᵢ, the influence function.
   */
  readonly addInfluence: (into: Float64Array, gradient: readonly number[]) => void
}

/**
 * Least squares of y on the design with weights (0 leaves a unit out), from the normal equations of columns of unit
 * length, improved once by its residuals (Golub and Wilkinson 1966).
 *
 * Refuses a column that the others already say, naming it by its index.
 */
export function fitLeastSquares(
  design: Design,
  y: Float64Array,
  weights?: Float64Array,
): LeastSquaresFit | Refusal {
  const inverse = invertProducts(weightedProducts(design, weights))
  if ('collinear' in inverse) return refuse(`column ${inverse.collinear} is a combination of the others`)
  const weighed = (values: Float64Array): Float64Array =>
    weights ? values.map((value, index) => value * weights[index]!) : values
  let coefficients = timesVector(inverse, weightedSums(design, weighed(y)))
  const residualsOf = (fitted: Float64Array): Float64Array => y.map((value, index) => value - fitted[index]!)
  const correction = timesVector(
    inverse,
    weightedSums(design, weighed(residualsOf(linearPredictor(design, coefficients)))),
  )
  coefficients = coefficients.map((value, index) => value + correction[index]!)
  const fitted = linearPredictor(design, coefficients)
  const scores = weighed(residualsOf(fitted))
  return {
    coefficients,
    fitted,
    inverseProducts: inverse,
    addInfluence: (into, gradient) => {
      const direction = timesVector(inverse, gradient).map((value) => value * design.n)
      addLinear(design, direction, into, scores)
    },
  }
}
