export * from './distributions/index.ts'
export * from './drift/index.ts'
export * from './experiment/index.ts'
export {
  type Alternative,
  criticalValue,
  type EffectResult,
  type Inference,
  type InferenceOptions,
  waldInference,
} from './inference.ts'
export { hashKey, hashUnit } from './random/hash-unit.ts'
export { type AliasTable, makeAliasTable, makeRandom, type Random } from './random/philox.ts'
export { isRefused, type Refusal, refuse } from './refusal.ts'
export * from './resampling/index.ts'
