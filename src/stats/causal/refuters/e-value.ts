import { type Refusal, refuse } from '../../refusal.ts'

/** An effect on one of the scales that E-values are made of. */
export type EffectScale =
  /** A risk ratio, or a ratio of odds or hazards of a rare outcome. */
  | 'risk_ratio'
  /** A ratio of odds of an outcome that is not rare: its root is about the risk ratio. */
  | 'odds_ratio'
  /** A ratio of hazards of an outcome that is not rare. */
  | 'hazard_ratio'
  /** A difference of means in standard deviations of the outcome: exp(0.91·d) is about the risk ratio. */
  | 'standardized_difference'

export interface EValue {
  /** The effect as a risk ratio, with its interval. */
  readonly riskRatio: number
  readonly ciLower: number
  readonly ciUpper: number
  /** Risk ratio that a confounder must have with both treatment and outcome to explain the estimate away. */
  readonly eValue: number
  /** To move the interval to 1; 1 where it holds 1 already. */
  readonly eValueOfInterval: number
}

export interface EValueInput {
  readonly scale: EffectScale
  readonly estimate: number
  /** For a difference, from which the interval is made (exp(0.91·d ± 1.78·s)). */
  readonly stdError?: number
  /** For a ratio. */
  readonly ciLower?: number
  readonly ciUpper?: number
}

/**
 * The E-value: how strongly an unobserved confounder would have to go with both treatment and outcome.
 *
 * Source: VanderWeele and Ding (2017), Annals of Internal Medicine 167; RR + √(RR(RR − 1)), a ratio below 1 turned round;
 * hazards (1 − 0.5^√HR)/(1 − 0.5^√(1/HR)); differences from Chinn (2000) as there. Refuses ratios that are not positive
 * and a difference without its error.
 */
export function eValue({ scale, estimate, stdError, ciLower, ciUpper }: EValueInput): EValue | Refusal {
  if (scale === 'standardized_difference') {
    if (stdError === undefined) return refuse('an E-value of a difference needs its standard error')
    return eValuesOf(
      Math.exp(0.91 * estimate),
      Math.exp(0.91 * estimate - 1.78 * stdError),
      Math.exp(0.91 * estimate + 1.78 * stdError),
    )
  }
  if (!(estimate > 0)) return refuse('a ratio has to be positive')
  const toRiskRatio = {
    risk_ratio: (ratio: number) => ratio,
    odds_ratio: Math.sqrt,
    hazard_ratio: fromHazards,
  }[scale]
  return eValuesOf(
    toRiskRatio(estimate),
    ciLower === undefined ? Number.NaN : toRiskRatio(Math.max(ciLower, 0)),
    ciUpper === undefined ? Number.NaN : toRiskRatio(ciUpper),
  )
}

function fromHazards(ratio: number): number {
  return ratio === 0 ? 0 : (1 - 0.5 ** Math.sqrt(ratio)) / (1 - 0.5 ** Math.sqrt(1 / ratio))
}

function eValuesOf(riskRatio: number, ciLower: number, ciUpper: number): EValue {
  const holdsOne = ciLower <= 1 && ciUpper >= 1
  const nearest = riskRatio >= 1 ? ciLower : ciUpper
  return {
    riskRatio,
    ciLower,
    ciUpper,
    eValue: ofRatio(riskRatio),
    eValueOfInterval: holdsOne ? 1 : ofRatio(nearest),
  }
}

function ofRatio(ratio: number): number {
  const above = ratio >= 1 ? ratio : 1 / ratio
  return above + Math.sqrt(above * (above - 1))
}

/** An observed covariate as a yardstick: what leaving it out does to the risk ratio. */
export interface CovariateEValue {
  readonly covariate: string
  /** Risk ratio without it. */
  readonly riskRatio: number
  /** E-value of the ratio of the two: a confounder this strong does as much as this covariate did. */
  readonly eValue: number
}

/** The E-values of observed covariates, the strongest first. Source: VanderWeele and Ding (2017), as in DoWhy. */
export function covariateEValues(
  riskRatio: number,
  without: readonly { readonly covariate: string; readonly riskRatio: number }[],
): CovariateEValue[] {
  return without
    .map((left) => ({ ...left, eValue: ofRatio(left.riskRatio / riskRatio) }))
    .sort((a, b) => b.eValue - a.eValue)
}
