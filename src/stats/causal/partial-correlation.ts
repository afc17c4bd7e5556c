import { normalSf } from '../distributions/normal.ts'
import type { JointMoments } from '../experiment/joint-moments.ts'
import { criticalValue, type InferenceOptions } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import { invertProducts } from '../regression/solve-normal.ts'

/** What data say of an independence that the graph implies. */
export interface IndependenceTest {
  /** Partial correlation of the two, the others held fixed. */
  readonly correlation: number
  /** Fisher's z in standard errors. */
  readonly statistic: number
  readonly pValue: number
  readonly ciLower: number
  readonly ciUpper: number
}

/**
 * Whether two variables are uncorrelated once others are held fixed, from the joint moments of all.
 *
 * `a`, `b` and `given` are indexes of the moments' variables. Tests a linear dependence: for jointly normal variables the
 * same as independence, for others a part of it. z = artanh(r)·√(n − |given| − 3). Source: Fisher (1924), "The
 * distribution of the partial correlation coefficient"; Anderson (2003), 4.3. Refuses too few units, and a variable that
 * the others determine.
 */
export function partialCorrelationTest(
  { n, covariances }: JointMoments,
  a: number,
  b: number,
  given: readonly number[] = [],
  { ciLevel = 0.95 }: Pick<InferenceOptions, 'ciLevel'> = {},
): IndependenceTest | Refusal {
  const df = n - given.length - 3
  if (!(df > 0)) return refuse(`too few units: ${n}, with ${given.length} variables held fixed`)
  const chosen = [...given, a, b]
  const inverse = invertProducts(chosen.map((i) => chosen.map((j) => covariances[i]![j]!)))
  if ('collinear' in inverse)
    return refuse(`variable ${chosen[inverse.collinear]! + 1} is a combination of the others`)
  const [i, j] = [given.length, given.length + 1]
  // The inverse holds the partial correlations, with the sign turned.
  const correlation = -inverse[i]![j]! / Math.sqrt(inverse[i]![i]! * inverse[j]![j]!)
  const z = Math.atanh(correlation)
  const halfWidth = criticalValue(ciLevel) / Math.sqrt(df)
  return {
    correlation,
    statistic: z * Math.sqrt(df),
    pValue: 2 * normalSf(Math.abs(z) * Math.sqrt(df)),
    ciLower: Math.tanh(z - halfWidth),
    ciUpper: Math.tanh(z + halfWidth),
  }
}
