import type { HealthCheck, MetricRole } from './experiment-spec.ts'

/*
 * The rows of the tables that an experiment writes beside its estimates. Their columns are the fields' names in snake
 * case.
 */

interface ExperimentRow {
  readonly job: string
  readonly runId: string
  /** The instant that the row speaks about, ISO 8601. */
  readonly asOf: string
}

/** `<experiment>__health`: one check of one scope. */
export interface HealthRow extends ExperimentRow {
  readonly checkName: HealthCheck
  /** What was looked at, where the check has several scopes. */
  readonly outcome: string | null
  readonly treatment: string | null
  readonly segmentName: string | null
  readonly segmentValue: string | null
  readonly verdict: 'ok' | 'warn' | 'fail' | 'not_evaluated'
  /** Whether a failure refuses the estimates. */
  readonly critical: boolean
  readonly statistic: number | null
  readonly pValue: number | null
  /** What was compared with the threshold: a p-value, a share or a count. */
  readonly observed: number | null
  readonly threshold: number | null
  /** In words, with the numbers. */
  readonly message: string
  /** Why a failure was let pass. */
  readonly overrideReason: string | null
  readonly diagnostics: Readonly<Record<string, unknown>>
}

/** One goal or guardrail as the decision saw it. */
export interface EvaluatedOutcome {
  readonly outcome: string
  readonly role: MetricRole
  readonly method: string
  readonly scale: 'absolute' | 'relative'
  readonly estimate: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly ciLevel: number | null
  readonly pValue: number | null
  /** Non-inferiority margin or smallest effect worth shipping, in the scale above. */
  readonly margin: number | null
  readonly passed: boolean
  readonly verdict: 'better' | 'not_worse' | 'worse' | 'undecided' | 'refused'
  /** In words. */
  readonly reason: string
}

export type DecisionKind = 'ship' | 'roll_back' | 'keep_running' | 'inconclusive' | 'refused'

/** `<experiment>__decision`: one treatment, for everybody or in one segment. */
export interface DecisionRow extends ExperimentRow {
  readonly treatment: string
  readonly comparison: string
  readonly segmentName: string | null
  readonly segmentValue: string | null
  readonly decision: DecisionKind
  /** For everybody only: all, only some segments, or nobody should get it. */
  readonly launch: 'globally' | 'to_segments' | 'no' | 'not_yet' | null
  /** One sentence that says why. */
  readonly reason: string
  readonly evaluated: readonly EvaluatedOutcome[]
  /** Power for the smallest effect worth shipping with the units so far, of the goal that has least. */
  readonly power: number | null
  /** Units still needed for the planned power; null where it is reached or cannot be said. */
  readonly unitsNeeded: number | null
  readonly daysNeeded: number | null
}

/** `<experiment>__days`: the lift up to a day, or at a number of days since exposure. */
export interface DayRow extends ExperimentRow {
  /** cumulative: all that happened up to the day. since_exposure: units by how many days ago they were exposed. */
  readonly series: 'cumulative' | 'since_exposure'
  readonly day: string | null
  readonly daysSinceExposure: number | null
  readonly outcome: string
  readonly treatment: string
  readonly comparison: string
  readonly method: string
  readonly scale: 'absolute' | 'relative'
  readonly estimate: number | null
  readonly stdError: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly ciLevel: number | null
  readonly ciKind: string | null
  readonly pValue: number | null
  readonly n: number | null
  readonly nTreated: number | null
}

/** `<experiment>__weights`: what a bandit gives each arm next. */
export interface WeightRow extends ExperimentRow {
  readonly arm: string
  readonly weight: number
  readonly probabilityBest: number
  readonly previousWeight: number | null
  readonly n: number
}

/** `<experiment>__memo`. */
export interface MemoRow extends ExperimentRow {
  readonly format: 'markdown' | 'html'
  readonly document: string
}
