import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, type Refusal, refuse } from '../refusal.ts'
import {
  type ClusterCorrection,
  type ClusterProducts,
  clusterContrast,
} from '../regression/cluster-sandwich.ts'
import { pseudoInverse, timesVector } from '../regression/symmetric-matrix.ts'
import { checkControlMean } from './relative-lift.ts'

/** Options of the cluster-robust estimators. */
export interface ClusterRobustOptions extends InferenceOptions {
  /** 'CR2' if not given: the one to trust with few clusters. */
  readonly correction?: ClusterCorrection
  /** 'absolute' (the default), or 'relative' for the lift over the control mean by the delta method. */
  readonly scale?: 'absolute' | 'relative'
}

/** What the cluster-robust estimators add to an estimate. */
export interface ClusterRobustInference extends Inference {
  readonly clusters: number
  /** Means of the arms, adjusted to the common covariate means where there are covariates. */
  readonly treatmentMean: number
  readonly controlMean: number
}

/** The units of one cluster, arm by arm; an arm that it has no units of is { n: 0, mean: 0 }. */
export interface ClusterMeans {
  readonly treatment: { readonly n: number; readonly mean: number }
  readonly control: { readonly n: number; readonly mean: number }
}

/**
 * The difference in means of units that come in clusters (stores, households, users with several sessions).
 *
 * Inputs: units and mean outcome of each cluster and arm, whether arms were given to clusters or within them.
 * Returns the difference of the units' means, every unit counting alike, with `clusterContrast`'s variance and
 * degrees of freedom. Refuses fewer than two clusters with units of an arm, numbers that are none, no variance, and
 * on the relative scale a control mean of zero. Means instead of sums keep the digits of large outcomes.
 */
export function clusterRobustDifference(
  clusters: readonly ClusterMeans[],
  options: ClusterRobustOptions = {},
): ClusterRobustInference | Refusal {
  const means = [armMean(clusters, 'treatment'), armMean(clusters, 'control')] as const
  return inferFrom(
    clusters.map(({ treatment: t, control: c }) => ({
      n: t.n + c.n,
      products: [
        [t.n, 0],
        [0, c.n],
      ],
      scores: [t.n > 0 ? t.n * (t.mean - means[0]) : 0, c.n > 0 ? c.n * (c.mean - means[1]) : 0],
    })),
    means,
    options,
  )
}

function armMean(clusters: readonly ClusterMeans[], arm: 'treatment' | 'control'): number {
  let n = 0
  let mean = 0
  for (const { [arm]: cell } of clusters) {
    if (cell.n === 0) continue
    n += cell.n
    mean += ((cell.mean - mean) * cell.n) / n
  }
  return n === 0 ? Number.NaN : mean
}

/** Units in clusters, column by column, all equally long. */
export interface ClusteredRows {
  /** 1 or true where the unit is treated. */
  readonly treated: ArrayLike<number | boolean>
  readonly outcome: ArrayLike<number>
  /** Which cluster the unit is in. */
  readonly cluster: ArrayLike<number | string>
  readonly covariates: readonly ArrayLike<number>[]
}

/**
 * The effect of treatment on clustered units, adjusted by covariates with interactions (Lin's regression).
 *
 * Inputs: rows of both arms. The design is one intercept and one slope per covariate for each arm, covariates
 * centred at their means over all rows; without covariates it is `clusterRobustDifference`. Refuses what that does,
 * and fewer units than coefficients. Source: Lin (2013), AOAS 7, with the variances of `clusterContrast`; Su and
 * Ding (2021), JRSS B 83, for clusters.
 */
export function clusterRobustRegression(
  rows: ClusteredRows,
  options: ClusterRobustOptions = {},
): ClusterRobustInference | Refusal {
  const n = rows.outcome.length
  const size = 2 + 2 * rows.covariates.length
  if (!(n > size)) return refuse(`too few units: ${n} for ${size} coefficients`)
  const centers = [rows.outcome, ...rows.covariates].map(meanOf)
  const clusters = productsByCluster(rows, centers, size)
  const total = clusters.reduce(
    (sum, { products, crossed }) => {
      for (let i = 0; i < size; i++) {
        sum.crossed[i]! += crossed[i]!
        for (let j = 0; j < size; j++) sum.products[i]![j]! += products[i]![j]!
      }
      return sum
    },
    { products: zeros(size), crossed: new Array<number>(size).fill(0) },
  )
  if (!total.products.flat().every(Number.isFinite) || !total.crossed.every(Number.isFinite))
    return refuse('outcome and covariates are not all finite numbers')
  const coefficients = timesVector(pseudoInverse(total.products).inverse, total.crossed)
  return inferFrom(
    clusters.map(({ n, products, crossed }) => {
      const fitted = timesVector(products, coefficients)
      return { n, products, scores: crossed.map((value, index) => value - fitted[index]!) }
    }),
    [centers[0]! + coefficients[0]!, centers[0]! + coefficients[1]!],
    options,
  )
}

function meanOf(values: ArrayLike<number>): number {
  let mean = 0
  for (let index = 0; index < values.length; index++) mean += (values[index]! - mean) / (index + 1)
  return mean
}

function zeros(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0))
}

interface ClusterSums {
  n: number
  readonly products: number[][]
  /** Xᵀy, y about its mean. */
  readonly crossed: number[]
}

function productsByCluster(
  { treated, outcome, cluster, covariates }: ClusteredRows,
  centers: readonly number[],
  size: number,
): ClusterSums[] {
  const clusters = new Map<number | string, ClusterSums>()
  const columns = [0, ...covariates.map((_, index) => 2 + 2 * index)]
  for (let row = 0; row < outcome.length; row++) {
    const key = cluster[row]!
    let sums = clusters.get(key)
    if (!sums) {
      sums = { n: 0, products: zeros(size), crossed: new Array<number>(size).fill(0) }
      clusters.set(key, sums)
    }
    sums.n++
    // Only the columns of the unit's own arm are not 0: intercept, then a slope for each covariate.
    const arm = treated[row] ? 0 : 1
    const y = outcome[row]! - centers[0]!
    for (const [k, column] of columns.entries()) {
      const value = k === 0 ? 1 : covariates[k - 1]![row]! - centers[k]!
      sums.crossed[column + arm]! += value * y
      for (const [m, other] of columns.entries())
        sums.products[column + arm]![other + arm]! +=
          value * (m === 0 ? 1 : covariates[m - 1]![row]! - centers[m]!)
    }
  }
  return [...clusters.values()]
}

/** Inference on the first two coefficients, the means of treatment and control. */
function inferFrom(
  clusters: readonly ClusterProducts[],
  [treatmentMean, controlMean]: readonly [number, number],
  options: ClusterRobustOptions,
): ClusterRobustInference | Refusal {
  for (const [arm, name] of ['treatment', 'control'].entries()) {
    const count = clusters.filter(({ products }) => products[arm]![arm]! > 0).length
    if (count < 2)
      return refuse(`too few clusters: ${count} with units of the ${name} arm, and at least 2 are needed`)
  }
  const { correction = 'CR2', scale = 'absolute' } = options
  const problem = scale === 'relative' ? checkControlMean(controlMean) : undefined
  if (problem) return problem
  const base = scale === 'relative' ? Math.abs(controlMean) : 1
  const contrast = new Array<number>(clusters[0]!.products.length).fill(0)
  contrast[0] = 1 / base
  contrast[1] = (scale === 'relative' ? -treatmentMean / controlMean : -1) / base
  const { variance, degreesOfFreedom } = clusterContrast(clusters, contrast, correction)
  const inference = waldInference(
    (treatmentMean - controlMean) / base,
    Math.sqrt(variance),
    degreesOfFreedom,
    options,
  )
  if (isRefused(inference)) return inference
  return { ...inference, clusters: clusters.length, treatmentMean, controlMean }
}
