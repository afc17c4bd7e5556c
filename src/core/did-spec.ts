import type { CausalOutcome, CausalValue } from './causal-spec.ts'

/*
 * The trusted form of `kind: did`: units that were treated from some time on, others that were not or not yet, and what became of
 * both.
 */

/** Every way to estimate an effect from a panel. */
export const didMethods = [
  'two_by_two',
  'twfe',
  'callaway_santanna',
  'synthetic_control',
  'synthetic_did',
] as const
export type DidMethod = (typeof didMethods)[number]

/** How group-time effects may be taken together. */
export const didAggregations = ['simple', 'group', 'calendar', 'event'] as const
export type DidAggregation = (typeof didAggregations)[number]

/** An estimator with what it was told. */
export type DidEstimator =
  | { readonly method: Exclude<DidMethod, 'callaway_santanna'>; readonly name: string }
  | {
      readonly method: 'callaway_santanna'
      readonly name: string
      readonly control: 'never_treated' | 'not_yet_treated'
      /** How covariates are held fixed. */
      readonly adjustment: 'doubly_robust' | 'regression' | 'ipw'
      /** What a period before treatment is compared with: the one before it, or the last before treatment. */
      readonly base: 'varying' | 'universal'
    }

/** Every way to try an estimate from a panel. */
export const didRefuters = ['placebo_dates', 'placebo_groups', 'leave_one_group_out', 'data_subset'] as const
export type DidRefuterKind = (typeof didRefuters)[number]

export type DidRefuter =
  | { readonly refuter: 'placebo_dates' | 'leave_one_group_out' }
  | { readonly refuter: 'placebo_groups'; readonly simulations: number }
  | { readonly refuter: 'data_subset'; readonly simulations: number; readonly share: number }

/** Rows of which all hold: the column is true, or one of the values. */
export interface RowCondition {
  readonly column: string
  readonly values?: readonly CausalValue[]
}

/** Where it stands when a unit was first treated. */
export type TreatmentDates =
  /** A column of the panel; null where never. */
  | { readonly kind: 'first_treated'; readonly column: string }
  /** A column of the panel that is true where and when a unit is treated. */
  | { readonly kind: 'status'; readonly column: string }
  /** A table of dates by group, the panel naming each unit's group. */
  | {
      readonly kind: 'rollout'
      readonly ref: string
      readonly key: string
      readonly date: string
      readonly where: readonly RowCondition[]
      /** The panel's column. */
      readonly group: string
    }

export interface DidSpec {
  readonly kind: 'did'
  readonly question: string
  readonly data: {
    readonly ref: string
    readonly unit: string
    readonly time: string
    readonly weight?: string
    /** The same units in every period, or whoever is seen. */
    readonly sampling: 'panel' | 'cross_sections'
    readonly where: readonly RowCondition[]
    /** What is done with units that are not seen in every period of a panel. */
    readonly unbalanced: 'refuse' | 'drop'
  }
  readonly treatment: { readonly name: string; readonly dates: TreatmentDates }
  readonly outcomes: readonly CausalOutcome[]
  /** Held fixed as of the first period. */
  readonly covariates: readonly string[]
  /** Periods before treatment in which it may work already. */
  readonly anticipation: number
  readonly estimators: readonly DidEstimator[]
  readonly aggregations: readonly DidAggregation[]
  /** Units of one cluster move together. */
  readonly cluster?: string
  readonly errors: { readonly kind: 'analytic' } | { readonly kind: 'bootstrap'; readonly draws: number }
  /** Below it trends before treatment are called not parallel. */
  readonly preTrendLevel: number
  readonly refuters: readonly DidRefuter[]
  /** Whether the verdict speaks of the outcome's unit, or of shares of what would have been. */
  readonly scale: 'absolute' | 'relative'
  /** What is done with rows of which something is not known. */
  readonly missing: 'refuse' | 'drop'
  readonly ciLevel: number
  readonly seed: number
  /** A table of the schema `truth`: one row for each `estimand` and `outcome`, with its `value`. */
  readonly truth?: { readonly effects: string }
  readonly asOf: string
}

/** Whether a method or a refuter looks at units one by one; all else is sums. */
export function needsUnits(spec: DidSpec): boolean {
  return (
    spec.covariates.length > 0 ||
    spec.cluster !== undefined ||
    spec.estimators.some(({ method }) => isSynthetic(method)) ||
    spec.refuters.some(({ refuter }) => refuter === 'placebo_groups' || refuter === 'data_subset')
  )
}

/** Whether a method builds the treated's counterpart from untreated units. */
export function isSynthetic(method: DidMethod): boolean {
  return method === 'synthetic_control' || method === 'synthetic_did'
}
