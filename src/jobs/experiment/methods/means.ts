import {
  differenceInMeans,
  type EffectResult,
  isRefused,
  type LiftInterval,
  type Refusal,
  relativeLift,
} from '../../../stats/index.ts'
import type { ExperimentCell } from '../cell.ts'
import { outcomeArms } from '../data/cell-moments.ts'
import { outcomeKind } from '../data/outcome-variables.ts'
import type { MethodEntry, MethodInput, MethodResult, Scale } from './method.ts'

/*
 * The methods that compare means (of a ratio metric its linear form), with and without covariates.
 */

/** An estimate as a result, with what it adds to the arms' own diagnostics. */
export function resultOf(
  inference: EffectResult,
  { treatment, control }: Pick<MethodInput, 'treatment' | 'control'>,
  diagnostics: Readonly<Record<string, unknown>> = {},
): MethodResult | Refusal {
  if (isRefused(inference)) return inference
  const { estimate, stdError, ciLower, ciUpper, pValue, degreesOfFreedom } = inference
  return {
    estimate,
    stdError,
    ciLower: finite(ciLower),
    ciUpper: finite(ciUpper),
    pValue,
    diagnostics: {
      ...armDiagnostics(treatment, control),
      degrees_of_freedom: finite(degreesOfFreedom),
      ...diagnostics,
    },
  }
}

/** A bound that is open is null in the tables. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

/** The arms' own figures, which every estimate carries. */
export function armDiagnostics(treatment: ExperimentCell, control: ExperimentCell): Record<string, unknown> {
  const arms = outcomeArms(treatment, control)
  const missing = treatment.missing + control.missing
  if (isRefused(arms)) return { missing_outcomes: missing }
  return {
    mean_treated: arms.treatment.mean,
    mean_control: arms.control.mean,
    variance_treated: arms.treatment.variance,
    variance_control: arms.control.variance,
    missing_outcomes: missing,
  }
}

/** The plain effect on either scale. */
export function plainEffect(
  { treatment, control }: Pick<MethodInput, 'treatment' | 'control'>,
  scale: Scale,
  ciLevel: number,
  interval: LiftInterval = 'delta',
): EffectResult {
  const arms = outcomeArms(treatment, control)
  if (isRefused(arms)) return arms
  return scale === 'absolute'
    ? differenceInMeans(arms.treatment, arms.control, { ciLevel })
    : relativeLift(arms.treatment, arms.control, { ciLevel, interval })
}

/** Every kind whose mean is an effect; the mean of the values says nothing about their quantile. */
const isMean: MethodEntry['applies'] = (outcome) => outcomeKind(outcome) !== 'quantile'

function plain(scale: Scale, interval?: LiftInterval): MethodEntry {
  return {
    scales: () => [scale],
    ciKind: 'fixed_horizon',
    needs: 'cells',
    applies: isMean,
    compute: (input) => resultOf(plainEffect(input, scale, input.ciLevel, interval), input),
  }
}

export const meanMethods = {
  difference_in_means: plain('absolute'),
  relative_lift: plain('relative'),
  relative_lift_log: plain('relative', 'log'),
  relative_lift_fieller: plain('relative', 'fieller'),
} as const satisfies Record<string, MethodEntry>
