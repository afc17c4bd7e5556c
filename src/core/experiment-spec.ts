import type { ExperimentData } from './experiment-data.ts'
import type { MetricCap, MetricTopic, NonInferiorityMargin } from './metrics-spec.ts'

export type { ExperimentData }

/*
 * The trusted form of `kind: experiment`: a question, never a procedure.
 */

/** What an outcome is for: to decide by, to protect, or to look at. */
export type MetricRole = 'goal' | 'guardrail' | 'secondary'

/** A column of the units' relation, or two, or a metric of `kind: metrics`. */
export type OutcomeSource =
  | { readonly from: 'columns'; readonly kind: 'mean' | 'count' | 'proportion'; readonly column: string }
  | {
      readonly from: 'columns'
      readonly kind: 'ratio'
      readonly numerator: string
      readonly denominator: string
    }
  | {
      readonly from: 'columns'
      readonly kind: 'quantile'
      readonly column: string
      readonly quantile: number
    }
  /** `set` is the metrics node's name, `name` the metric's there. */
  | {
      readonly from: 'metrics'
      readonly set: string
      readonly metric: string
      readonly kind: string
      /** Of a quantile: which one, and of what. */
      readonly quantile?: number
      readonly level?: 'unit' | 'event'
    }

export interface ExperimentOutcome {
  readonly name: string
  readonly description: string
  readonly role: MetricRole
  readonly about?: MetricTopic
  readonly better: 'higher' | 'lower'
  readonly source: OutcomeSource
  /**
   * Columns measured before exposure; of a ratio, pairs of numerator and denominator. Empty for none. Of a metric the
   * names that its cells' covariates go by: 'pre_period', or those of numerator and denominator.
   */
  readonly covariates: readonly string[]
  readonly cap?: MetricCap
  readonly margin?: NonInferiorityMargin
  /** Smallest effect that is worth shipping, on the same scale as a margin. */
  readonly minimumEffect?: NonInferiorityMargin
}

/** Every way to estimate an effect. */
export const experimentMethods = [
  'difference_in_means',
  'relative_lift',
  'relative_lift_log',
  'relative_lift_fieller',
  'cuped',
  'cuped_relative',
  'cupac',
  'regression_adjustment',
  'stratified',
  'post_stratified',
  'cluster_robust',
  'block_means',
  'proportion_z_test',
  'fisher_exact',
  'quantile_difference',
  'bootstrap',
  'confidence_sequence',
  'msprt',
  'group_sequential',
  'bayesian_normal',
  'bayesian_beta_binomial',
  'non_inferiority',
  'permutation_test',
  'partial_pooling',
] as const

export type ExperimentMethod = (typeof experimentMethods)[number]

export type SequentialPlan =
  | { readonly kind: 'confidence_sequence'; readonly sides: 1 | 2; readonly tuningUnits: number }
  | { readonly kind: 'msprt'; readonly mixingVariance?: number }
  | {
      readonly kind: 'group_sequential'
      readonly spending: 'obrien_fleming' | 'pocock'
      /** Planned shares of the information at the looks, the last one 1. */
      readonly looks: readonly number[]
      readonly plannedUnits: number
    }

export interface Multiplicity {
  readonly correction: 'none' | 'holm' | 'hochberg' | 'bh' | 'by' | 'bonferroni' | 'sidak'
  /** Which p-values are adjusted together. */
  readonly family: 'goals' | 'all' | 'segments'
}

/** Every check of an experiment's health. */
export const healthChecks = [
  'sample_ratio',
  'sample_ratio_by_segment',
  'crossovers',
  'exposure_before_assignment',
  'pre_period_balance',
  'missing_outcomes',
  'too_few_units',
  'outlier_influence',
  'bot_like_units',
] as const

export type HealthCheck = (typeof healthChecks)[number]

export interface HealthRule {
  readonly check: HealthCheck
  /** Whether a failure refuses the estimates. */
  readonly critical: boolean
  /** What it is compared with: a p-value, a share or a count; each check says which. */
  readonly threshold: number
  /** Why a failure is let pass; it is printed wherever the results are. */
  readonly overrideReason?: string
}

export interface DecisionRule {
  /** Whether all goals have to be up, or one. */
  readonly goals: 'all' | 'any'
  readonly alpha: number
  /** 1 − β for the decision as a whole; guardrails share β (Schultzberg, Ankargren, Frånberg 2024). */
  readonly power: number
}

export interface BanditPlan {
  readonly algorithm: 'thompson' | 'top_two'
  readonly goal: string
  /** Least share of an arm. */
  readonly floor: number
}

export interface SwitchbackPlan {
  /** Column of the block (region × period) of a row, and its order in time. */
  readonly block: string
  readonly period: string
  /** Periods at the start of a block that may still feel the one before. */
  readonly carryOver: number
}

/** An experiment that this one's units may be in, too. */
export interface CrossedExperiment {
  readonly experiment: string
  readonly control: string
  readonly treatments: readonly string[]
  /** Where its units stand, if it is declared over units. */
  readonly units?: { readonly ref: string; readonly unit: string; readonly arm: string }
}

export interface ExperimentSpec {
  readonly kind: 'experiment'
  readonly question: string
  readonly data: ExperimentData
  readonly control: string
  readonly treatments: readonly string[]
  /** An arm that is kept from everything, to measure what all of it came to. */
  readonly holdout?: string
  readonly expectedWeights: Readonly<Record<string, number>>
  /**
   * Weights of the arms within strata where they were planned otherwise than those above, by stratum. Arms are then alike
   * within strata only.
   */
  readonly stratumWeights?: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly outcomes: readonly ExperimentOutcome[]
  readonly methods: readonly ExperimentMethod[]
  /** Columns of the units' or exposures' relation. */
  readonly segments: readonly string[]
  readonly strata: readonly string[]
  readonly cluster?: string
  readonly ciLevel: number
  readonly sequential?: SequentialPlan
  readonly prior?: { readonly mean: number; readonly sd: number; readonly scale: 'absolute' | 'relative' }
  readonly betaPrior?: { readonly a: number; readonly b: number }
  readonly multiplicity: Multiplicity
  readonly health: readonly HealthRule[]
  readonly decision?: DecisionRule
  readonly bandit?: BanditPlan
  readonly switchback?: SwitchbackPlan
  readonly bootstrap: { readonly replicates: number; readonly seed: number }
  readonly permutation: { readonly permutations: number; readonly seed: number }
  /** Other experiments whose arms are crossed with this one's, to look for interactions. */
  readonly interactions: readonly CrossedExperiment[]
  readonly asOf: string
}
