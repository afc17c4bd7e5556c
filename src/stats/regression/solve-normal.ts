import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Rows } from './symmetric-matrix.ts'

/** Pivots below this share of their column's own size mean that the others say the same as it. */
const smallestPivot = 1e-10

/**
 * The inverse of a positive definite matrix of sums of products, or the index of the first column that the ones before
 * it already say.
 *
 * Columns are brought to unit length first, so that their units don't decide what is small (van der Sluis 1969).
 */
export function invertProducts(products: Rows): number[][] | { readonly collinear: number } {
  const scales = products.map((row, index) => 1 / Math.sqrt(row[index]!))
  const empty = scales.findIndex((scale) => !Number.isFinite(scale))
  if (empty >= 0) return { collinear: empty }
  const scaled = products.map((row, i) => row.map((value, j) => value * (scales[i]! * scales[j]!)))
  const factor = new CholeskyDecomposition(new Matrix(scaled))
  const diagonal = factor.lowerTriangularMatrix.diagonal()
  const weak = diagonal.findIndex((pivot) => !(pivot * pivot > smallestPivot))
  if (weak >= 0) return { collinear: weak }
  const inverse = factor.solve(Matrix.eye(products.length)).to2DArray()
  return inverse.map((row, i) => row.map((value, j) => value * scales[i]! * scales[j]!))
}
