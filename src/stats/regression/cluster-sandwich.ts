import {
  applyToSpectrum,
  dot,
  pseudoInverse,
  quadraticForm,
  type Rows,
  timesMatrix,
  timesVector,
  weightedSum,
} from './symmetric-matrix.ts'

/** Which cluster-robust variance: plain, with the usual factor, or with residuals adjusted for their leverage. */
export type ClusterCorrection = 'CR0' | 'CR1' | 'CR2'

/** What a cluster adds to a least-squares fit. */
export interface ClusterProducts {
  /** Units in the cluster. */
  readonly n: number
  /** XᵀX over its units. */
  readonly products: Rows
  /** Xᵀe over its units, with e the residuals of the whole fit. */
  readonly scores: readonly number[]
}

/** The variance of a combination of coefficients. */
export interface ContrastVariance {
  readonly variance: number
  readonly degreesOfFreedom: number
}

/** A share of a cluster in the fit that is nearer to 1 than this leaves no residual. */
const leverageLimit = 1 - 1e-10

/**
 * The cluster-robust variance of the combination `contrast` of least-squares coefficients.
 *
 * Inputs: clusters of a fit with design X (rows of any number, p columns). CR0 is M(ΣXg'eg·eg'Xg)M with M = (X'X)⁻¹;
 * CR1 that times G/(G − 1)·(N − 1)/(N − p), both with G − 1 degrees of freedom; CR2 replaces eg by
 * (I − Hgg)^−½·eg, with Satterthwaite degrees of freedom for independent errors of equal variance. Source: Liang and
 * Zeger (1986), Biometrika 73; Cameron and Miller (2015), J. Human Resources 50, eq. 11–12; Bell and McCaffrey
 * (2002), Survey Methodology 28. Since Xg'f(Xg·M·Xg')= f(Xg'Xg·M)·Xg', CR2 and its degrees of freedom need p × p
 * products of clusters only, never rows; singular I − Hgg by the pseudo-inverse.
 */
export function clusterContrast(
  clusters: readonly ClusterProducts[],
  contrast: readonly number[],
  correction: ClusterCorrection,
): ContrastVariance {
  const total = clusters
    .map(({ products }) => products)
    .reduce((sum, products) => weightedSum(sum, 1, products, 1))
  // Columns of equal length, so that the pseudo-inverse and the roots lose nothing to units.
  const lengths = total.map((row, index) => Math.sqrt(row[index]!) || 1)
  const scale = (rows: Rows) => rows.map((row, i) => row.map((value, j) => value / lengths[i]! / lengths[j]!))
  const { inverse, rank } = pseudoInverse(scale(total))
  const root = applyToSpectrum(inverse, (value) => Math.sqrt(Math.max(value, 0)))
  const direction = timesVector(
    root,
    contrast.map((value, index) => value / lengths[index]!),
  )
  const scoreOf = ({ scores }: ClusterProducts) =>
    timesVector(
      root,
      scores.map((score, index) => score / lengths[index]!),
    )
  if (correction === 'CR2') {
    const leverageOf = ({ products }: ClusterProducts) =>
      timesMatrix(timesMatrix(root, scale(products)), root)
    return reducedBias(
      clusters.map((cluster) => ({ score: scoreOf(cluster), leverage: symmetrized(leverageOf(cluster)) })),
      direction,
    )
  }
  const n = clusters.reduce((sum, cluster) => sum + cluster.n, 0)
  const count = clusters.length
  const factor = correction === 'CR1' ? (count / (count - 1)) * ((n - 1) / (n - rank)) : 1
  const squares = clusters.reduce((sum, cluster) => sum + dot(direction, scoreOf(cluster)) ** 2, 0)
  return { variance: squares * factor, degreesOfFreedom: count - 1 }
}

/** CR2, from clusters' scores and leverages in coordinates where X'X is the identity. */
function reducedBias(
  clusters: readonly { readonly score: readonly number[]; readonly leverage: Rows }[],
  direction: readonly number[],
): ContrastVariance {
  const size = direction.length
  let variance = 0
  let trace = 0
  let squares = 0
  let outer: number[][] = Array.from({ length: size }, () => new Array<number>(size).fill(0))
  for (const { score, leverage } of clusters) {
    const adjustment = applyToSpectrum(leverage, (share) =>
      share < leverageLimit ? 1 / Math.sqrt(1 - share) : 0,
    )
    variance += dot(timesVector(adjustment, direction), score) ** 2
    const adjusted = timesVector(adjustment, direction)
    const own = quadraticForm(leverage, adjusted)
    const shared = timesVector(leverage, adjusted)
    const length = dot(shared, shared)
    trace += own - length
    squares += own * own - 2 * own * length
    outer = outer.map((row, i) => row.map((value, j) => value + shared[i]! * shared[j]!))
  }
  const cross = outer.flat().reduce((sum, value) => sum + value * value, 0)
  return { variance, degreesOfFreedom: (trace * trace) / (squares + cross) }
}

/** Products of three matrices are symmetric but for rounding. */
function symmetrized(matrix: Rows): number[][] {
  return matrix.map((row, i) => row.map((value, j) => (value + matrix[j]![i]!) / 2))
}
