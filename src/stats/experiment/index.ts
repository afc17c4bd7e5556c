export {
  type ArmMoments,
  type ArmSums,
  mergeMoments,
  momentsFromSums,
  momentsOf,
  proportionMoments,
} from './arm-moments.ts'
export { type CupedInference, type CupedOptions, cuped, cupedTheta, type ThetaSource } from './cuped.ts'
export { differenceInMeans } from './difference-in-means.ts'
export type { Alternative, EffectResult, Inference, InferenceOptions } from './inference.ts'
export {
  type Counts,
  type FisherResult,
  fisherExactTest,
  type ProportionOptions,
  proportionTest,
} from './proportions.ts'
export { isRefused, type Refusal } from './refusal.ts'
export { type LiftInterval, type RelativeLiftOptions, relativeLift } from './relative-lift.ts'
export {
  type SampleRatioMethod,
  type SampleRatioOptions,
  type SampleRatioResult,
  sampleRatioMismatch,
} from './sample-ratio-mismatch.ts'
