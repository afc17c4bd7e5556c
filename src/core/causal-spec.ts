import type { CausalEdge } from './causal-graph/causal-graph.ts'

/*
 * The trusted form of `kind: causal`: what caused what, as the analyst sees it, and which effect is asked for. How it is
 * had follows from the graph.
 */

/** Whose average effect is asked for: all units', the treated ones', or the others'. */
export const causalEstimands = ['ate', 'att', 'atc'] as const
export type CausalEstimand = (typeof causalEstimands)[number]

const propensityMethods = [
  'propensity_matching',
  'stratification',
  'ipw',
  'overlap_weighting',
  'entropy_balancing',
  'aipw',
  'ipw_regression_adjustment',
  'dml_plr',
  'dml_irm',
] as const

/** Every way to estimate an effect. */
export const causalMethods = [
  'naive_difference',
  'regression_adjustment',
  ...propensityMethods,
  'two_stage_least_squares',
  'wald',
  'frontdoor',
  'mediation',
] as const
export type CausalMethod = (typeof causalMethods)[number]

/** How treated units find their controls. */
export interface MatchingPlan {
  /** Controls for each treated unit. */
  readonly ratio: number
  readonly replacement: boolean
  readonly distance: 'logit' | 'score'
  /** Largest distance, in `caliperScale`; none if not given. */
  readonly caliper?: number
  /** In standard deviations of the distance over all units, or pooled over the two groups, or as it is. */
  readonly caliperScale: 'sd' | 'pooled_sd' | 'raw'
  /** Columns in which a pair must agree. */
  readonly exact: readonly string[]
  /** Who chooses first, where nobody may be chosen twice. */
  readonly order: 'largest' | 'smallest' | 'closest' | 'farthest' | 'data' | 'random'
  /** Whether equally near ones share, or the first by the unit's key is taken. */
  readonly ties: 'share' | 'first'
  /** Whether the errors count in that the propensity was estimated. */
  readonly errors: 'known_score' | 'estimated_score'
  /** Units of the same group, itself included, that a unit's variance is estimated from. */
  readonly varianceNeighbours: number
}

/** Which units a stratum is made of. */
export interface StrataPlan {
  readonly strata: number
  /** Whose propensities the limits are quantiles of. */
  readonly among: 'all' | 'treated' | 'control'
  /** Which end of a stratum belongs to it. */
  readonly closed: 'right' | 'left'
  /** Instead of the propensity: units that agree in these columns are a stratum. */
  readonly exact: readonly string[]
}

interface Named<M extends CausalMethod> {
  readonly method: M
  /** What it goes by in the results, where a method is used twice. */
  readonly name: string
}

/** An estimator with what it was told. */
export type CausalEstimator =
  | Named<
      Exclude<
        CausalMethod,
        'propensity_matching' | 'stratification' | 'ipw' | 'aipw' | 'dml_plr' | 'dml_irm' | 'mediation'
      >
    >
  | (Named<'propensity_matching'> & MatchingPlan)
  | (Named<'stratification'> & StrataPlan)
  | (Named<'ipw'> & { readonly form: 'hajek' | 'horvitz_thompson' })
  | (Named<'aipw'> & { readonly errors: 'stacked' | 'influence' })
  | (Named<'dml_plr' | 'dml_irm'> & { readonly folds: number; readonly repetitions: number })
  | (Named<'mediation'> & { readonly interaction: boolean })

/** Every way to try an estimate. */
export const causalRefuters = [
  'placebo_treatment',
  'random_common_cause',
  'data_subset',
  'bootstrap',
  'dummy_outcome',
  'unobserved_common_cause',
  'robustness_value',
  'e_value',
  'negative_control',
] as const
export type CausalRefuterKind = (typeof causalRefuters)[number]

/** A refuter with what it was told. */
export type CausalRefuter =
  | {
      readonly refuter: 'placebo_treatment' | 'random_common_cause' | 'bootstrap' | 'dummy_outcome'
      readonly simulations: number
    }
  | { readonly refuter: 'data_subset'; readonly simulations: number; readonly share: number }
  | {
      readonly refuter: 'unobserved_common_cause'
      /** Partial R² of the simulated cause with treatment and outcome. */
      readonly strengths: readonly number[]
    }
  | { readonly refuter: 'robustness_value' | 'e_value' }
  /** A column on which the treatment cannot have an effect. */
  | { readonly refuter: 'negative_control'; readonly outcome: string }

/** Refuters that change the units and estimate anew. */
const simulatedRefuters = [
  'placebo_treatment',
  'random_common_cause',
  'data_subset',
  'bootstrap',
  'dummy_outcome',
  'unobserved_common_cause',
] as const satisfies readonly CausalRefuterKind[]

/** Whether a refuter needs the units one by one. */
export function isSimulated({ refuter }: Pick<CausalRefuter, 'refuter'>): boolean {
  return (simulatedRefuters as readonly CausalRefuterKind[]).includes(refuter)
}

/** A column that stands for a variable of the graph. */
export interface CausalVariable {
  readonly node: string
  readonly column: string
  /** As the column's type says, if not given. */
  readonly kind?: 'numeric' | 'categorical'
}

export type CausalValue = string | number | boolean

export interface CausalTreatment {
  readonly node: string
  readonly column: string
  readonly kind: 'binary' | 'continuous'
  /** The values of a treatment that is neither true/false nor 1/0; units with others are left out. */
  readonly treated?: CausalValue
  readonly control?: CausalValue
}

export interface CausalOutcome {
  /** Its node in the graph. */
  readonly name: string
  readonly column: string
  readonly description: string
  /** Which way is good; nothing is said of good and bad where the question does not tell. */
  readonly better?: 'higher' | 'lower'
  /** What somebody says that the effect is, to be held against it. */
  readonly claim?: { readonly value: number; readonly by?: string }
}

export interface CausalGraphSpec {
  readonly nodes: readonly string[]
  readonly edges: readonly CausalEdge[]
  readonly unobserved: readonly string[]
  /** Whether nobody drew it: it says that the covariates are all common causes. */
  readonly isAssumed: boolean
}

/** When too few units are comparable for an effect to be told. */
export interface CausalOverlap {
  /** Propensities below this and above 1 − this are extreme. */
  readonly extreme: number
  /** Most of the target's units that may be extreme. */
  readonly extremeShare: number
  /** Least part of an arm that weighting may leave. */
  readonly effectiveShare: number
  /** Most of an arm's weight that one unit may have. */
  readonly heaviestShare: number
  /** Which propensities the trimmed population has: those that give the smallest variance, or these. */
  readonly trim: 'optimal' | readonly [lower: number, upper: number]
}

/** Tables of the schema `truth`. */
export interface CausalTruth {
  /** One row for each `estimand` and `outcome`, with its `value`. */
  readonly effects?: string
  /** One row for each unit: what it would have come to either way, and how likely it was to be treated. */
  readonly units?: {
    readonly table: string
    readonly unit: string
    readonly propensity: string
    /** Of each outcome that it was written of. */
    readonly outcomes: readonly {
      readonly outcome: string
      readonly without: string
      readonly with: string
      /** What both are multiplied by to be in the outcome's unit. */
      readonly scale: number
    }[]
  }
}

export interface CausalSpec {
  readonly kind: 'causal'
  readonly question: string
  readonly data: {
    readonly ref: string
    readonly unit: string
    /** Only units of which all hold: the column is true, or one of the values. */
    readonly where: readonly { readonly column: string; readonly values?: readonly CausalValue[] }[]
  }
  readonly treatment: CausalTreatment
  readonly outcomes: readonly CausalOutcome[]
  readonly graph: CausalGraphSpec
  /** Variables whose column or kind was said. */
  readonly variables: readonly CausalVariable[]
  readonly estimands: readonly CausalEstimand[]
  /** The set that is adjusted for where somebody chose it. */
  readonly adjustmentSet?: readonly string[]
  /** Instruments to use, of those that the graph has. */
  readonly instruments: readonly string[]
  readonly mediators: readonly string[]
  readonly estimators: readonly CausalEstimator[]
  readonly refuters: readonly CausalRefuter[]
  readonly overlap: CausalOverlap
  /** What is done with units of which something is not known. */
  readonly missing: 'refuse' | 'drop'
  readonly ciLevel: number
  readonly seed: number
  /** Where a generator wrote what is true; never read by the job, only by who judges it. */
  readonly truth?: CausalTruth
  readonly asOf: string
}

/** The column of a variable of the graph. */
export function columnOfNode({ treatment, outcomes, variables }: CausalSpec, node: string): string {
  if (node === treatment.node) return treatment.column
  return (
    outcomes.find(({ name }) => name === node)?.column ??
    variables.find((variable) => variable.node === node)?.column ??
    node
  )
}

/** The columns in which units have to agree to be compared, by any of the estimators. */
export function exactColumns({ estimators }: Pick<CausalSpec, 'estimators'>): string[] {
  return [...new Set(estimators.flatMap((one) => ('exact' in one ? one.exact : [])))]
}

/** Whether a method rests on how likely each unit was to be treated. */
export function isByPropensity(method: CausalMethod): boolean {
  return (propensityMethods as readonly CausalMethod[]).includes(method)
}

/** Whether any estimator of a question does. */
export function usesPropensity({
  estimators,
  treatment,
}: Pick<CausalSpec, 'estimators' | 'treatment'>): boolean {
  return treatment.kind === 'binary' && estimators.some(({ method }) => isByPropensity(method))
}
