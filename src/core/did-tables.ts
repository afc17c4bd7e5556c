/*
 * The rows of the tables that a difference in differences writes beside its estimates; the tables of refutations and verdict are
 * those of causal questions. Their columns are the fields' names in snake case.
 */

interface DidRow {
  readonly job: string
  readonly runId: string
  /** The instant that the row speaks about, ISO 8601. */
  readonly asOf: string
  readonly outcome: string
  readonly method: string
}

interface IntervalFields {
  readonly estimate: number | null
  readonly stdError: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly ciLevel: number | null
  readonly ciKind: 'fixed_horizon' | 'bootstrap' | null
  readonly pValue: number | null
}

/** `<job>__group_time`: units first treated together, in one period. */
export interface GroupTimeRow extends DidRow, IntervalFields {
  readonly firstTreated: string
  readonly period: string
  readonly isPost: boolean
  readonly nTreated: number | null
  readonly nControl: number | null
  readonly status: 'ok' | 'refused'
  readonly reason: string | null
}

/** `<job>__event_study`: the effect so many periods after treatment began, before it what should be 0. */
export interface EventStudyRow extends DidRow, IntervalFields {
  readonly periodsSince: number
  /** Bounds that hold all times at once; with a bootstrap only. */
  readonly bandLower: number | null
  readonly bandUpper: number | null
}

/** `<job>__checks`: something that the estimates suppose. */
export interface CheckRow extends Omit<DidRow, 'outcome' | 'method'> {
  /** Null for what concerns all outcomes. */
  readonly outcome: string | null
  readonly checkName: string
  readonly verdict: 'ok' | 'warning' | 'fails' | 'not_evaluated'
  readonly statistic: number | null
  readonly pValue: number | null
  readonly message: string
}

/** `<job>__synthetic_weights`: what a unit, or a period before treatment, counts in what stands for the treated. */
export interface SyntheticWeightRow extends DidRow {
  readonly ofWhat: 'unit' | 'period'
  readonly name: string
  readonly weight: number
}

/** `<job>__refutations`, as of causal questions. */
export interface PanelRefutationRow extends DidRow {
  readonly estimand: string
  readonly refuter: string
  readonly verdict: 'passes' | 'fails' | 'informs' | 'not_evaluated'
  readonly estimate: number | null
  readonly newEffect: number | null
  readonly spread: number | null
  readonly pValue: number | null
  readonly simulations: number | null
  readonly message: string
  readonly diagnostics: Readonly<Record<string, unknown>>
}
