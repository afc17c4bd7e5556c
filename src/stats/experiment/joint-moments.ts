/**
 * The sufficient statistics of several variables of the same units: what ratio metrics and their covariates
 * need.
 *
 * A ratio metric's variables are, in this order: numerator, denominator, and where it has a pre-period the
 * numerator and denominator before the experiment.
 */
export interface JointMoments {
  /** Units. */
  readonly n: number
  /** Mean per unit of each variable. */
  readonly means: readonly number[]
  /** Covariances between units, with n − 1 below; symmetric, one row per variable. */
  readonly covariances: readonly (readonly number[])[]
}

/** The joint moments of units given variable by variable, all equally long, by two passes. */
export function jointMomentsOf(...variables: readonly ArrayLike<number>[]): JointMoments {
  const n = variables[0]?.length ?? 0
  const means = variables.map((values) => {
    let sum = 0
    for (let index = 0; index < n; index++) sum += values[index]!
    return sum / n
  })
  const covariances = variables.map((a, i) =>
    variables.map((b, j) => {
      let sum = 0
      for (let index = 0; index < n; index++) sum += (a[index]! - means[i]!) * (b[index]! - means[j]!)
      return sum / (n - 1)
    }),
  )
  return { n, means, covariances }
}

/**
 * The joint moments from plain sums and sums of products, with the cancellation that these have on large
 * means.
 */
export function jointMomentsFromSums(
  n: number,
  sums: readonly number[],
  products: readonly (readonly number[])[],
): JointMoments {
  return {
    n,
    means: sums.map((sum) => sum / n),
    covariances: products.map((row, i) =>
      row.map((product, j) => (product - (sums[i]! * sums[j]!) / n) / (n - 1)),
    ),
  }
}

/** The joint moments of two disjoint groups of units taken together; Chan, Golub, LeVeque (1983). */
export function mergeJointMoments(a: JointMoments, b: JointMoments): JointMoments {
  if (a.n === 0) return b
  if (b.n === 0) return a
  const n = a.n + b.n
  const share = (a.n / n) * b.n
  const deltas = a.means.map((mean, index) => b.means[index]! - mean)
  return {
    n,
    means: a.means.map((mean, index) => mean + (deltas[index]! * b.n) / n),
    covariances: a.covariances.map((row, i) =>
      row.map((covariance, j) => {
        const within = a.n < 2 ? 0 : (a.n - 1) * covariance
        const other = b.n < 2 ? 0 : (b.n - 1) * b.covariances[i]![j]!
        // The product of the two first, which is the same either way round: the matrix stays symmetric.
        return (within + other + share * (deltas[i]! * deltas[j]!)) / (n - 1)
      }),
    ),
  }
}

/** Covariance of two linear combinations of the variables. */
export function combinedCovariance(
  moments: JointMoments,
  a: readonly number[],
  b: readonly number[],
): number {
  let sum = 0
  for (const [i, weight] of a.entries())
    for (const [j, other] of b.entries()) sum += weight * other * moments.covariances[i]![j]!
  return sum
}
