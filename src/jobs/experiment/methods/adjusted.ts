import {
  type CupedInference,
  cuped,
  type EffectResult,
  type Inference,
  isRefused,
  type MultipleCupedInference,
  multipleCuped,
  type Refusal,
  ratioCuped,
  refuse,
} from '../../../stats/index.ts'
import { asArm, covariateCount, isRatio } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import { plainEffect, resultOf } from './means.ts'
import type { ArmPair, MethodEntry, MethodInput, MethodResult, Scale } from './method.ts'

/*
 * CUPED by one covariate or by several, of means and of ratios.
 */

type Adjusted = CupedInference | MultipleCupedInference

/** The effect after taking out what the covariates explain. */
export function adjustedEffect(pair: ArmPair, scale: Scale, ciLevel: number): Adjusted | Refusal {
  const { treatment, control } = pair
  const covariates = covariateCount(treatment)
  if (covariates === 0) return refuse('there is no covariate to adjust by')
  const ratio = isRatio(treatment)
  if (covariates > 1)
    return multipleCuped(treatment.moments, control.moments, {
      ciLevel,
      scale,
      outcome: ratio ? 'ratio' : 'mean',
    })
  if (ratio) return ratioCuped(treatment.moments, control.moments, { ciLevel, scale })
  return cuped(withCovariate(pair.treatment), withCovariate(pair.control), { ciLevel, scale })
}

/** Which estimator an effect is from. */
export interface BaseEffect {
  readonly base: 'cuped' | 'difference_in_means' | 'relative_lift'
  readonly effect: EffectResult
}

/** The most precise estimate that the cells alone allow: adjusted where there are covariates. */
export function bestEffect(pair: ArmPair, scale: Scale, ciLevel: number): BaseEffect {
  if (covariateCount(pair.treatment) > 0)
    return { base: 'cuped', effect: adjustedEffect(pair, scale, ciLevel) }
  return {
    base: scale === 'absolute' ? 'difference_in_means' : 'relative_lift',
    effect: plainEffect(pair, scale, ciLevel),
  }
}

function withCovariate({ moments }: ArmPair['treatment']) {
  const [[, covariance], [, covariateVariance]] = moments.covariances as [[number, number], [number, number]]
  return { ...asArm(moments), covariateMean: moments.means[1]!, covariateVariance, covariance }
}

function adjustedResult(input: MethodInput, scale: Scale): MethodResult | Refusal {
  const effect = adjustedEffect(input, scale, input.ciLevel)
  if (isRefused(effect)) return effect
  const { varianceReduction, treatmentMean, controlMean } = effect
  return resultOf(effect satisfies Inference, input, {
    theta: 'theta' in effect ? effect.theta : effect.thetas,
    variance_reduction: varianceReduction,
    r_squared: Math.max(0, varianceReduction),
    adjusted_mean_treated: treatmentMean,
    adjusted_mean_control: controlMean,
    n_with_covariates: input.treatment.moments.n + input.control.moments.n,
  })
}

function adjusted(scale: Scale): MethodEntry {
  return {
    scales: () => [scale],
    ciKind: 'fixed_horizon',
    needs: 'cells',
    applies: (outcome) => outcomeKind(outcome) !== 'quantile' && outcome.covariates.length > 0,
    compute: (input) => adjustedResult(input, scale),
  }
}

export const adjustedMethods = {
  cuped: adjusted('absolute'),
  cuped_relative: adjusted('relative'),
} as const satisfies Record<string, MethodEntry>
