import type { CausalRefuterKind } from './causal-spec.ts'

/*
 * The rows of the tables that a causal question writes beside its estimates. Their columns are the fields' names in snake
 * case.
 */

interface CausalRow {
  readonly job: string
  readonly runId: string
  /** The instant that the row speaks about, ISO 8601. */
  readonly asOf: string
}

/** `<job>__identification`: a way that the graph offers, or something that it says of the data. */
export interface IdentificationRow extends CausalRow {
  readonly kind: 'adjustment_set' | 'frontdoor_set' | 'instrument' | 'mediation' | 'refusal' | 'implication'
  /** Null for what concerns the graph as a whole. */
  readonly outcome: string | null
  readonly variables: readonly string[]
  /** What is held fixed for it. */
  readonly given: readonly string[]
  readonly chosen: boolean
  /** Why it was chosen, or what came of the check. */
  readonly note: string
  /** Of an implication: the partial correlation, and how surprising it is. */
  readonly statistic: number | null
  readonly pValue: number | null
  readonly verdict: 'ok' | 'contradicted' | 'not_checked' | null
}

/** `<job>__balance`: one covariate under one method. */
export interface BalanceRow extends CausalRow {
  readonly outcome: string
  readonly estimand: string
  /** `unadjusted` for the units as they are. */
  readonly method: string
  readonly covariate: string
  /** Whether the method adjusts for it. */
  readonly adjusted: boolean
  readonly meanTreated: number | null
  readonly meanControl: number | null
  readonly standardizedDifference: number | null
  readonly varianceRatio: number | null
}

/** `<job>__overlap`: units by propensity. */
export interface OverlapRow extends CausalRow {
  readonly outcome: string
  readonly estimand: string
  readonly kind: 'summary' | 'histogram' | 'calibration'
  readonly groupName: 'treated' | 'control' | 'all'
  readonly lower: number | null
  readonly upper: number | null
  readonly units: number | null
  /** Of a bin of calibration: what was predicted, and what share was treated. */
  readonly meanPredicted: number | null
  readonly observed: number | null
  readonly effectiveN: number | null
  readonly heaviestShare: number | null
  /** Share of the target's units without a counterpart. */
  readonly extremeShare: number | null
  readonly message: string | null
}

/** `<job>__refutations`: one refuter of one estimate. */
export interface RefutationRow extends CausalRow {
  readonly outcome: string
  readonly estimand: string
  readonly method: string
  readonly refuter: CausalRefuterKind
  readonly verdict: 'passes' | 'fails' | 'informs' | 'not_evaluated'
  /** What was to be refuted. */
  readonly estimate: number | null
  /** Mean of what came instead, and how it spread. */
  readonly newEffect: number | null
  readonly spread: number | null
  readonly pValue: number | null
  readonly simulations: number | null
  /** In words, with the numbers. */
  readonly message: string
  readonly diagnostics: Readonly<Record<string, unknown>>
}

/** `<job>__verdict`: what to believe of one effect. */
export interface VerdictRow extends CausalRow {
  readonly outcome: string
  readonly estimand: string
  readonly treatment: string
  readonly verdict: 'effect' | 'no_effect_found' | 'doubtful' | 'refused'
  readonly method: string | null
  readonly estimate: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly naive: number | null
  readonly claim: number | null
  /** What was believed, the claim or else the plain difference, less the estimate; and as a share of it. */
  readonly bias: number | null
  readonly biasShare: number | null
  readonly refutersPassed: number
  readonly refutersFailed: number
  readonly sentence: string
}
