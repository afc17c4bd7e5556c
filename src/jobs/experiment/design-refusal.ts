import type { ExperimentMethod, ExperimentSpec } from '../../core/experiment-spec.ts'
import type { Scope } from './data/cell-index.ts'

/*
 * What the way in which arms were given does not let a method say.
 */

/** Methods that know that the rows of a switchback's block were given their arm together. */
const clusteredMethods: readonly ExperimentMethod[] = [
  'cluster_robust',
  'block_means',
  'bootstrap',
  'quantile_difference',
]

/** Methods that compare arms within strata. */
const stratifiedMethods: readonly ExperimentMethod[] = ['stratified', 'post_stratified']

/** Why the design leaves a method nothing to say in a scope, or null. */
export function designRefusal(
  { switchback, stratumWeights }: Pick<ExperimentSpec, 'switchback' | 'stratumWeights'>,
  method: ExperimentMethod,
  { segmentName }: Scope,
): string | null {
  if (switchback && !clusteredMethods.includes(method))
    return 'rows of one block of a switchback have their arm in common, and this method takes them for independent'
  if (!stratumWeights) return null
  if (!stratifiedMethods.includes(method))
    return 'arms have other weights in each stratum, and this method compares them across strata'
  if (segmentName !== null)
    return 'arms have other weights in each stratum, and strata are not crossed with segments'
  return null
}
