import type { ExperimentMethod, ExperimentSpec } from '../../core/experiment-spec.ts'
import type { Scope } from './data/cell-index.ts'

/*
 * What the way in which arms were given does not let a method say.
 */

/** Methods that know that the units of a cluster, or the rows of a switchback's block, were given their arm together. */
export const clusteredMethods: readonly ExperimentMethod[] = [
  'cluster_robust',
  'block_means',
  'bootstrap',
  'quantile_difference',
  'permutation_test',
  'partial_pooling',
]

/** Methods that compare arms within strata. */
export const stratifiedMethods: readonly ExperimentMethod[] = ['stratified', 'post_stratified']

/** How arms were given, as far as it bears on what methods may say. */
export interface Assignment {
  readonly spec: Pick<ExperimentSpec, 'switchback' | 'stratumWeights'>
  /** Whether the units of a cluster have their arm in common. */
  readonly isByCluster: boolean
}

/** Why the design leaves a method nothing to say in a scope, or null. */
export function designRefusal(
  { spec: { switchback, stratumWeights }, isByCluster }: Assignment,
  method: ExperimentMethod,
  { segmentName }: Scope,
): string | null {
  if ((switchback || isByCluster) && !clusteredMethods.includes(method))
    return `${switchback ? 'rows of one block of a switchback' : 'units of one cluster'} have their arm in common, and this method takes them for independent`
  if (!stratumWeights) return null
  if (!stratifiedMethods.includes(method))
    return 'arms have other weights in each stratum, and this method compares them across strata'
  if (segmentName !== null)
    return 'arms have other weights in each stratum, and strata are not crossed with segments'
  return null
}
