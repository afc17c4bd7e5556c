import { type EffectResult, type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import { isRefused, refuse } from '../refusal.ts'
import type { ArmMoments } from './arm-moments.ts'
import { relativeLift } from './relative-lift.ts'

/** Units of two experiments at once: treated in neither, in one, or in both. */
export interface CrossedArms {
  readonly both: ArmMoments
  /** Treated in this experiment only. */
  readonly first: ArmMoments
  /** Treated in the other only. */
  readonly second: ArmMoments
  readonly neither: ArmMoments
}

/**
 * How much another experiment's treatment changes the effect of this one's: (both − second) − (first − neither), or with
 * scale 'relative' the lift among those treated there less the lift among the others.
 *
 * Inputs: moments of the four groups of units, arms of both experiments being given independently. Degrees of freedom are
 * Welch's for four means. Refuses groups of fewer than 2 units, no variance, and on the relative scale a mean of zero below a lift.
 * Source: the 2 × 2 factorial contrast; Satterthwaite (1946).
 */
export function interactionEffect(
  { both, first, second, neither }: CrossedArms,
  options: InferenceOptions & { readonly scale?: 'absolute' | 'relative' } = {},
): EffectResult {
  const cells = [both, second, first, neither]
  const small = cells.find(({ n }) => !(n >= 2))
  if (small)
    return refuse(
      `too few units: a group of both experiments' arms has ${small.n}, and at least 2 are needed`,
    )
  if (options.scale === 'relative') {
    const there = relativeLift(both, second)
    if (isRefused(there)) return there
    const elsewhere = relativeLift(first, neither)
    if (isRefused(elsewhere)) return elsewhere
    return combine([there, elsewhere], options)
  }
  const parts = cells.map(({ variance, n }) => variance / n)
  const total = parts.reduce((sum, part) => sum + part, 0)
  const df = 1 / parts.reduce((sum, part, index) => sum + (part / total) ** 2 / (cells[index]!.n - 1), 0)
  const estimate = both.mean - second.mean - (first.mean - neither.mean)
  return waldInference(estimate, Math.sqrt(total), df, options)
}

/** The difference of two independent effects. */
function combine([a, b]: readonly [Inference, Inference], options: InferenceOptions): EffectResult {
  const variance = a.stdError ** 2 + b.stdError ** 2
  const share = (one: Inference) => (one.stdError ** 2 / variance) ** 2 / one.degreesOfFreedom
  return waldInference(a.estimate - b.estimate, Math.sqrt(variance), 1 / (share(a) + share(b)), options)
}
