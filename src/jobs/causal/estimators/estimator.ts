import type { IdentificationPlan } from '../../../core/causal-graph/plan-identification.ts'
import type { CausalEstimand, CausalEstimator, CausalMethod, CausalSpec } from '../../../core/causal-spec.ts'
import type { CausalEffect } from '../../../stats/causal/effect.ts'
import type { Matching } from '../../../stats/causal/matching.ts'
import type { TreatedUnits } from '../../../stats/causal/units.ts'
import type { Inference, Refusal } from '../../../stats/index.ts'
import type { BinaryFit } from '../../../stats/regression/binary-regression.ts'
import type { CausalData } from '../causal-data.ts'

/** Units one by one with their propensity, all that a method of rows looks at. */
export interface Population {
  readonly keys: readonly string[]
  readonly units: TreatedUnits
  readonly propensity: BinaryFit
  /** Of each unit, what it has to agree in with its match; null without such columns. */
  readonly strataOf: (columns: readonly string[]) => Int32Array | undefined
}

export interface EstimationInput {
  readonly spec: CausalSpec
  readonly data: CausalData
  readonly plan: IdentificationPlan
  readonly outcome: string
  readonly target: CausalEstimand
  /** Null where units are known by sums only. */
  readonly population: Population | null
}

/** What one method says. */
export interface MethodResult {
  /** What it speaks of: the target, or what else the method gives. */
  readonly estimand: string
  readonly result: CausalEffect | Inference | Refusal
  /** Conventions, and what belongs beside the number. */
  readonly diagnostics: Readonly<Record<string, unknown>>
  /** Weight of each unit of the population, where the method is one of weights. */
  readonly weights?: Float64Array
  readonly matching?: Matching
}

/** A method: whom it speaks of, what it looks at, how it answers. */
export interface EstimatorEntry<E extends CausalEstimator = CausalEstimator> {
  /** Of the target that is asked for, or of whom the method itself says. */
  readonly speaksOf: 'target' | 'itself'
  /** Whether units have to stand one by one before it, with their propensity. */
  readonly needs: 'moments' | 'population'
  readonly compute: (input: EstimationInput, estimator: E) => Promise<readonly MethodResult[]>
}

export type EstimatorOf<M extends CausalMethod> = Extract<CausalEstimator, { readonly method: M }>
