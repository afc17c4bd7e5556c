import { type Inference, type InferenceOptions, waldInference } from '../inference.ts'
import type { Refusal } from '../refusal.ts'
import { type ArmMoments, checkArms } from './arm-moments.ts'

/**
 * The difference in means of two arms, treatment minus control, with Welch's test and interval.
 *
 * Inputs: the moments of the arms, in the outcome's unit. Returns the difference in that unit; the degrees of
 * freedom are Welch's. Refuses arms of fewer than 2 units, and zero variance in both. Source: Welch (1947),
 * "The generalization of Student's problem", Biometrika 34; Satterthwaite (1946).
 */
export function differenceInMeans(
  treatment: ArmMoments,
  control: ArmMoments,
  options: InferenceOptions = {},
): Inference | Refusal {
  const problem = checkArms(treatment, control)
  if (problem) return problem
  const treatmentPart = treatment.variance / treatment.n
  const controlPart = control.variance / control.n
  return waldInference(
    treatment.mean - control.mean,
    Math.sqrt(treatmentPart + controlPart),
    welchDegreesOfFreedom(treatmentPart, treatment.n, controlPart, control.n),
    options,
  )
}

/**
 * Welch's degrees of freedom for a sum of two variances of means, each known from n − 1 degrees of freedom.
 *
 * The parts are scaled by their sum first, so that the squares of small variances do not underflow.
 */
export function welchDegreesOfFreedom(partA: number, nA: number, partB: number, nB: number): number {
  const sum = partA + partB
  const shareA = partA / sum
  const shareB = partB / sum
  return 1 / ((shareA * shareA) / (nA - 1) + (shareB * shareB) / (nB - 1))
}
