import { type Refusal, refuse } from '../../refusal.ts'

/*
 * Whose influence is counted: what estimates of a panel share, whether its units are at hand or only sums over them.
 */

/** An influence function has one value for each carrier, which is a unit, a cluster, or a direction in which units differ. */
export interface InfluenceFrame {
  /** What influences are times of: a carrier moves an estimate by influence/units. The number of units, or their whole weight. */
  readonly units: number
  readonly periods: readonly number[]
  /** Of each carrier: the group that it belongs to. */
  readonly firstTreated: Float64Array
  /** Of each carrier: its weight in the whole; 1 if not given. */
  readonly constant?: Float64Array
  /** Of each group: its share of the whole; that of units if not given. */
  readonly shares?: ReadonlyMap<number, number>
  /** Whether carriers stand for sums, so that single ones are no draws: then multipliers are normal. */
  readonly isOfSums?: boolean
}

/** The standard error of an estimate: √Σψ²/n; of clusters that of their sums, times G/(G − 1). */
export function errorInFrame(
  { units }: Pick<InfluenceFrame, 'units'>,
  influence: Float64Array,
  clusters?: Int32Array,
): number {
  const values = clusters ? sumsByCluster(influence, clusters) : influence
  const factor = clusters ? values.length / (values.length - 1) : 1
  return Math.sqrt(factor * values.reduce((sum, value) => sum + value * value, 0)) / units
}

/** Refuses errors by clusters of which there is one: nothing says how much clusters differ. */
export function tooFewClusters(clusters: Int32Array): Refusal | undefined {
  const count = new Set(clusters).size
  return count < 2 ? refuse(`errors need two clusters or more, and there is ${count}`) : undefined
}

/** The sums of influences within clusters, which are numbered from 0 on. */
export function sumsByCluster(influence: Float64Array, clusters: Int32Array): Float64Array {
  const sums = new Float64Array(clusters.reduce((most, cluster) => Math.max(most, cluster), 0) + 1)
  for (let carrier = 0; carrier < influence.length; carrier++)
    sums[clusters[carrier]!]! += influence[carrier]!
  return sums
}
