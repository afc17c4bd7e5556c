import type { Inference } from '../../inference.ts'
import { short } from './refute.ts'

export interface NegativeControl {
  readonly passes: boolean
  readonly verdict: string
  readonly estimate: number
  readonly pValue: number
}

/**
 * Whether an effect that cannot be is found nonetheless: of the treatment on an outcome that it cannot move, or of a
 * treatment that cannot move the outcome, by the same method and covariates.
 *
 * Input: that effect. It fails where the effect differs from 0 at the level of its interval; passing says only that no bias
 * larger than the interval was seen. Source: Lipsitch, Tchetgen Tchetgen, Cohen (2010), Epidemiology 21.
 */
export function negativeControl(
  kind: 'outcome' | 'exposure',
  { estimate, ciLower, ciUpper, ciLevel, pValue }: Inference,
): NegativeControl {
  const passes = pValue >= 1 - ciLevel
  const subject =
    kind === 'outcome' ? 'the effect on what cannot be moved' : 'the effect of what cannot move it'
  const interval = `between ${short(ciLower)} and ${short(ciUpper)}`
  return {
    passes,
    verdict: passes
      ? `passes: ${subject} is ${short(estimate)}, ${interval}, which holds 0`
      : `fails: ${subject} is ${short(estimate)}, ${interval}: something else moves it`,
    estimate,
    pValue,
  }
}
