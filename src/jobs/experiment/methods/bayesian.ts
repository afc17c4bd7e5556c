import {
  betaBinomialPosterior,
  betaEffectInterval,
  isRefused,
  type NormalPrior,
  normalPosterior,
  type Refusal,
  rescaledPrior,
} from '../../../stats/index.ts'
import { outcomeArm } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import { bestEffect } from './adjusted.ts'
import { armDiagnostics } from './means.ts'
import type { MethodEntry, MethodInput, MethodResult } from './method.ts'
import { countsOf } from './proportions.ts'

/*
 * What is to be believed of an effect after the data, with the chance that the treatment is better and what is lost
 * on average if it is not. Better is what the outcome says: for `better: lower` the losing side is the other.
 */

interface Losses {
  readonly chanceToWin: number
  readonly expectedLossTreatment: number
  readonly expectedLossControl: number
}

function losses(posterior: Losses, better: 'higher' | 'lower'): Record<string, number> {
  const { chanceToWin, expectedLossTreatment, expectedLossControl } = posterior
  return better === 'higher'
    ? {
        chance_to_win: chanceToWin,
        expected_loss_treatment: expectedLossTreatment,
        expected_loss_control: expectedLossControl,
      }
    : {
        chance_to_win: 1 - chanceToWin,
        expected_loss_treatment: expectedLossControl,
        expected_loss_control: expectedLossTreatment,
      }
}

/** The prior of the spec on the scale of the estimate; flat where there is none. */
function priorOf({ spec: { prior }, scale, control }: MethodInput): NormalPrior | Refusal | undefined {
  if (!prior) return undefined
  const arm = outcomeArm(control)
  if (isRefused(arm)) return arm
  return rescaledPrior({ mean: prior.mean, variance: prior.sd * prior.sd }, prior.scale, scale, arm.mean)
}

function normal(input: MethodInput): MethodResult | Refusal {
  const { base, effect } = bestEffect(input, input.scale, input.ciLevel)
  if (isRefused(effect)) return effect
  const prior = priorOf(input)
  if (prior && isRefused(prior)) return prior
  const posterior = normalPosterior(effect, { ciLevel: input.ciLevel, ...(prior && { prior }) })
  if (isRefused(posterior)) return posterior
  const { estimate, stdError, ciLower, ciUpper } = posterior
  return {
    estimate,
    stdError,
    ciLower,
    ciUpper,
    pValue: null,
    diagnostics: {
      ...armDiagnostics(input.treatment, input.control),
      base,
      ...losses(posterior, input.outcome.better),
      prior: prior ?? 'flat',
      unshrunk_estimate: effect.estimate,
    },
  }
}

function betaBinomial(input: MethodInput): MethodResult | Refusal {
  const { treatment, control, ciLevel, scale, spec } = input
  const prior = spec.betaPrior ?? { a: 0.5, b: 0.5 }
  const [t, c] = [countsOf(treatment), countsOf(control)]
  const posterior = betaBinomialPosterior(t, c, { ciLevel, prior })
  if (isRefused(posterior)) return posterior
  const shapes = ({ successes, n }: typeof t) => ({ a: prior.a + successes, b: prior.b + n - successes })
  const interval = betaEffectInterval(shapes(t), shapes(c), { ciLevel, scale })
  if (isRefused(interval)) return interval
  const absolute = scale === 'absolute'
  return {
    estimate: absolute ? posterior.estimate : interval.median,
    stdError: absolute ? posterior.stdError : null,
    ciLower: interval.ciLower,
    ciUpper: interval.ciUpper,
    pValue: null,
    diagnostics: {
      ...armDiagnostics(treatment, control),
      ...losses(posterior, input.outcome.better),
      losses_scale: 'absolute',
      point: absolute ? 'posterior mean' : 'posterior median',
      prior,
      interval_treated: posterior.treatmentInterval,
      interval_control: posterior.controlInterval,
    },
  }
}

export const bayesianMethods = {
  bayesian_normal: {
    scales: () => ['absolute', 'relative'],
    ciKind: 'credible',
    needs: 'cells',
    applies: (outcome) => outcomeKind(outcome) !== 'quantile',
    compute: normal,
  },
  bayesian_beta_binomial: {
    scales: () => ['absolute', 'relative'],
    ciKind: 'credible',
    needs: 'cells',
    applies: (outcome) => outcomeKind(outcome) === 'proportion',
    compute: betaBinomial,
  },
} as const satisfies Record<string, MethodEntry>
