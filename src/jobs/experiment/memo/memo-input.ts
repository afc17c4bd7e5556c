import type { Estimate } from '../../../core/estimate.ts'
import type { ExperimentOutcome, ExperimentSpec } from '../../../core/experiment-spec.ts'
import type {
  DayRow,
  DecisionRow,
  EvaluatedOutcome,
  HealthRow,
  WeightRow,
} from '../../../core/experiment-tables.ts'

/** All that a memo is made of: the spec and the rows of the experiment's tables. */
export interface MemoInput {
  readonly name: string
  readonly spec: ExperimentSpec
  readonly estimates: readonly Estimate[]
  readonly days: readonly DayRow[]
  readonly health: readonly HealthRow[]
  readonly decisions: readonly DecisionRow[]
  readonly weights: readonly WeightRow[]
}

/** Estimates of lifts for everybody, without the checks that are estimates too. */
export function liftsOf({ estimates }: MemoInput, outcome: string, treatment: string): readonly Estimate[] {
  return estimates.filter(
    (row) =>
      row.outcome === outcome &&
      row.treatment === treatment &&
      row.segmentName === null &&
      (row.estimand === 'ate' || row.estimand === 'lift'),
  )
}

/** What the decision said of one outcome, or undefined where it did not look at it. */
export function evaluatedOf(
  { decisions }: MemoInput,
  outcome: string,
  treatment: string,
): EvaluatedOutcome | undefined {
  return decisions
    .find((row) => row.treatment === treatment && row.segmentName === null)
    ?.evaluated.find((entry) => entry.outcome === outcome)
}

/**
 * The estimate that stands for an outcome where one number has to: by the method that decided, else the most precise
 * of those that are valid at any look, else of the others.
 */
export function headline(input: MemoInput, outcome: string, treatment: string): Estimate | undefined {
  const lifts = liftsOf(input, outcome, treatment)
  const decided = evaluatedOf(input, outcome, treatment)
  const byDecision = lifts.find(({ method, scale }) => method === decided?.method && scale === decided.scale)
  if (byDecision) return byDecision
  for (const method of headlineOrder) {
    const found = lifts.find((row) => row.method === method && row.status === 'ok')
    if (found) return found
  }
  return lifts.find(({ status }) => status === 'ok') ?? lifts[0]
}

const headlineOrder = [
  'cuped_relative',
  'relative_lift',
  'cuped',
  'difference_in_means',
  'quantile_difference',
] as const

/** Outcomes by role, in the order in which they are declared. */
export function outcomesOf(
  spec: ExperimentSpec,
  role: ExperimentOutcome['role'],
): readonly ExperimentOutcome[] {
  return spec.outcomes.filter((outcome) => outcome.role === role)
}
