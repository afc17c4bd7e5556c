import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/*
 * Small symmetric matrices, as lists of rows: what least squares on a few covariates needs. All go through the
 * eigenvalues, so that covariates which say the same twice lower the rank instead of dividing by nothing.
 */

/** Rows of a matrix. */
export type Rows = readonly (readonly number[])[]

/** Eigenvalues below this share of the largest possible one count as 0: some 1e-5 of a column is its own. */
const smallestShare = 1e-11

/** V·f(Λ)·Vᵀ of a symmetric matrix V·Λ·Vᵀ. */
export function applyToSpectrum(matrix: Rows, f: (eigenvalue: number) => number): number[][] {
  const isDiagonal = matrix.every((row, i) => row.every((value, j) => i === j || value === 0))
  if (isDiagonal) return matrix.map((row, i) => row.map((value, j) => (i === j ? f(value) : 0)))
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    new Matrix(matrix.map((row) => [...row])),
    { assumeSymmetric: true },
  )
  const vectors = eigenvectorMatrix.to2DArray()
  const scaled = realEigenvalues.map(f)
  return matrix.map((_, i) =>
    matrix.map((_, j) =>
      scaled.reduce((sum, value, k) => sum + vectors[i]![k]! * value * vectors[j]![k]!, 0),
    ),
  )
}

/**
 * The inverse of a positive semi-definite matrix on the space that its columns span, and the dimension of that
 * space.
 *
 * The columns are brought to unit length first, so that their units do not decide what is small.
 */
export function pseudoInverse(matrix: Rows): { readonly inverse: number[][]; readonly rank: number } {
  const lengths = matrix.map((row, index) => Math.sqrt(Math.max(row[index]!, 0)))
  const inverseLengths = lengths.map((length) => (length > 0 ? 1 / length : 0))
  const scaled = matrix.map((row, i) =>
    row.map((value, j) => value * inverseLengths[i]! * inverseLengths[j]!),
  )
  let rank = 0
  const inverse = applyToSpectrum(scaled, (eigenvalue) => {
    if (!(eigenvalue > smallestShare * matrix.length)) return 0
    rank++
    return 1 / eigenvalue
  })
  return {
    rank,
    inverse: inverse.map((row, i) => row.map((value, j) => value * inverseLengths[i]! * inverseLengths[j]!)),
  }
}

/** The product of a matrix and a vector. */
export function timesVector(matrix: Rows, vector: readonly number[]): number[] {
  return matrix.map((row) => dot(row, vector))
}

/** The product of two matrices. */
export function timesMatrix(a: Rows, b: Rows): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)))
}

/** The sum of the products of two vectors. */
export function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!
  return sum
}

/** vᵀ·M·v. */
export function quadraticForm(matrix: Rows, vector: readonly number[]): number {
  return dot(vector, timesVector(matrix, vector))
}

/** The sum of two matrices, each times a number. */
export function weightedSum(a: Rows, weightA: number, b: Rows, weightB: number): number[][] {
  return a.map((row, i) => row.map((value, j) => weightA * value + weightB * b[i]![j]!))
}
