import type { ExperimentMethod, ExperimentOutcome, ExperimentSpec } from '../../core/experiment-spec.ts'
import { outcomeKind } from './data/outcome-variables.ts'
import type { Scale } from './methods/method.ts'

/**
 * The method that a decision rests on where nobody looks before the end: quantiles by their order statistics,
 * clusters with their robust variance, arms that are alike within strata only within them, otherwise adjusted by covariates where there are any.
 */
export function fixedHorizonMethod(
  spec: ExperimentSpec,
  outcome: ExperimentOutcome,
  scale: Scale,
): ExperimentMethod {
  if (outcomeKind(outcome) === 'quantile') return 'quantile_difference'
  if (spec.cluster !== undefined) return 'cluster_robust'
  if (spec.stratumWeights) return spec.methods.includes('stratified') ? 'stratified' : 'post_stratified'
  if (outcome.covariates.length > 0) return scale === 'absolute' ? 'cuped' : 'cuped_relative'
  return scale === 'absolute' ? 'difference_in_means' : 'relative_lift'
}

/** The method that a decision rests on: that of the sequential plan where one is declared. */
export function primaryMethod(
  spec: ExperimentSpec,
  outcome: ExperimentOutcome,
  scale: Scale,
): ExperimentMethod {
  if (spec.sequential && outcomeKind(outcome) !== 'quantile' && spec.cluster === undefined)
    return spec.sequential.kind
  return fixedHorizonMethod(spec, outcome, scale)
}
