export * from './arm-moments.ts'
export * from './bandit-allocation.ts'
export * from './bayes.ts'
export * from './best-arm.ts'
export * from './beta-effect.ts'
export * from './cluster-robust.ts'
export * from './confidence-sequence.ts'
export type { OutcomeKind } from './covariate-moments.ts'
export * from './cupac.ts'
export * from './cuped.ts'
export { differenceInMeans } from './difference-in-means.ts'
export * from './group-sequential.ts'
export * from './heterogeneity.ts'
export {
  type Alternative,
  criticalValue,
  type EffectResult,
  type Inference,
  type InferenceOptions,
  waldInference,
} from './inference.ts'
export * from './interaction.ts'
export {
  type JointMoments,
  jointMomentsFromSums,
  jointMomentsOf,
  mergeJointMoments,
} from './joint-moments.ts'
export * from './mixture-test.ts'
export * from './multiple-cuped.ts'
export * from './multiplicity.ts'
export * from './non-inferiority.ts'
export * from './power.ts'
export * from './power-inputs.ts'
export * from './proportions.ts'
export * from './quantile-effect.ts'
export * from './quantile-metric.ts'
export * from './ratio-metric.ts'
export { isRefused, type Refusal, refuse } from './refusal.ts'
export * from './regression-adjustment.ts'
export { type LiftInterval, type RelativeLiftOptions, relativeLift } from './relative-lift.ts'
export * from './sample-ratio-mismatch.ts'
export * from './sequential-looks.ts'
export * from './simulate-bandit.ts'
export * from './stratified.ts'
export * from './switchback.ts'
