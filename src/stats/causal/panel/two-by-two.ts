import type { ArmMoments } from '../../experiment/arm-moments.ts'
import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { type Refusal, refuse } from '../../refusal.ts'

/** The outcome's moments of four groups of units, before and after. */
export interface TwoByTwo {
  readonly treatedBefore: ArmMoments
  readonly treatedAfter: ArmMoments
  readonly controlBefore: ArmMoments
  readonly controlAfter: ArmMoments
}

/**
 * Difference in differences of two groups and two periods, from moments of repeated cross-sections.
 *
 * (ȳ₁ₐ − ȳ₁ᵦ) − (ȳ₀ₐ − ȳ₀ᵦ), with variance Σ s²/n of the four (HC2 of the saturated regression) and Satterthwaite's degrees of
 * freedom. For a panel, whose units are the same before and after, use `changeInDifferences`, which is far surer. Source: Card
 * and Krueger (1994); Angrist and Pischke (2009), 5.2. Refuses a group of fewer than 2 units.
 */
export function differenceInDifferences(
  { treatedBefore, treatedAfter, controlBefore, controlAfter }: TwoByTwo,
  options: InferenceOptions = {},
): Inference | Refusal {
  return fromGroups(
    [
      [treatedAfter, 1],
      [treatedBefore, -1],
      [controlAfter, -1],
      [controlBefore, 1],
    ],
    options,
  )
}

/**
 * Difference in differences of a panel: the mean change of the treated less that of the others, from the moments of each unit's
 * own change. Welch's error and degrees of freedom. Refuses a group of fewer than 2 units.
 */
export function changeInDifferences(
  { treated, control }: { readonly treated: ArmMoments; readonly control: ArmMoments },
  options: InferenceOptions = {},
): Inference | Refusal {
  return fromGroups(
    [
      [treated, 1],
      [control, -1],
    ],
    options,
  )
}

function fromGroups(
  groups: readonly (readonly [ArmMoments, 1 | -1])[],
  options: InferenceOptions,
): Inference | Refusal {
  let [estimate, variance, spread] = [0, 0, 0]
  for (const [{ n, mean, variance: own }, sign] of groups) {
    if (!(n >= 2)) return refuse(`too few units: a group has ${n}, and at least 2 are needed`)
    estimate += sign * mean
    variance += own / n
    spread += (own / n) ** 2 / (n - 1)
  }
  return waldInference(estimate, Math.sqrt(variance), variance ** 2 / spread, options)
}
