import type { ExperimentMethod } from '../../../core/experiment-spec.ts'
import { poolingMethods } from '../partial-pooling.ts'
import { adjustedMethods } from './adjusted.ts'
import { bayesianMethods } from './bayesian.ts'
import { bootstrapMethods } from './bootstrap.ts'
import { cupacMethods } from './cupac.ts'
import { meanMethods } from './means.ts'
import type { MethodEntry } from './method.ts'
import { nonInferiorityMethods } from './non-inferiority.ts'
import { permutationMethods } from './permutation.ts'
import { proportionMethods } from './proportions.ts'
import { rowMethods } from './rows.ts'
import { sequentialMethods } from './sequential.ts'
import { stratifiedMethods } from './stratified.ts'

/** How each method that a spec may name makes an estimate. */
export const methodRegistry: Readonly<Record<ExperimentMethod, MethodEntry>> = {
  ...meanMethods,
  ...adjustedMethods,
  ...stratifiedMethods,
  ...proportionMethods,
  ...sequentialMethods,
  ...bayesianMethods,
  ...nonInferiorityMethods,
  ...rowMethods,
  ...cupacMethods,
  ...bootstrapMethods,
  ...permutationMethods,
  ...poolingMethods,
}
