import type { DecisionRule, ExperimentSpec } from '../../../core/experiment-spec.ts'
import { adjustPValues, isRefused } from '../../../stats/index.ts'
import { corrections } from '../adjust-for-multiplicity.ts'

/*
 * How the errors of one decision are shared out, after Schultzberg, Ankargren, Frånberg (2024), "Risk-aware product
 * decisions in A/B tests with multiple metrics", arXiv 2402.11609. A treatment is shipped when a goal (or all) is
 * better and every guardrail is not worse. α is divided among goals of which one suffices, since each is a chance to
 * ship by luck; not among guardrails, all of which have to pass. β is divided among all that have to pass, since each
 * is a chance to miss. Where a guardrail that got worse rolls back, each is a chance to give up a good treatment by
 * luck: the error of those tests is divided among the guardrails.
 */

export interface ErrorRates {
  /** Two-sided error of each goal; its half is the chance to ship something that does nothing. */
  readonly goalAlpha: number
  /** One-sided error of each guardrail's test to be within its margin. */
  readonly guardrailAlpha: number
  /** One-sided error of each guardrail's test to be worse, which rolls back: shared, since each is a chance to do so by luck. */
  readonly deteriorationAlpha: number
  /** Power that each goal and guardrail needs so that the decision as a whole has the planned one. */
  readonly power: number
  /** Tests among which α is shared. */
  readonly tests: number
}

/** The error rates of each goal and guardrail, in one of `segments` segments or (1) for everybody. */
export function errorRates(spec: ExperimentSpec, rule: DecisionRule, segments = 1): ErrorRates {
  const goals = spec.outcomes.filter(({ role }) => role === 'goal').length
  const guardrails = spec.outcomes.filter(({ role }) => role === 'guardrail').length
  const together = rule.goals === 'any' ? goals : 1
  const tests = (spec.multiplicity.correction === 'none' ? 1 : together * spec.treatments.length) * segments
  const toPass = guardrails + (rule.goals === 'any' ? 1 : goals)
  return {
    goalAlpha: rule.alpha / tests,
    guardrailAlpha: rule.alpha,
    deteriorationAlpha:
      spec.multiplicity.correction === 'none' ? rule.alpha : rule.alpha / Math.max(1, guardrails * segments),
    power: 1 - (1 - rule.power) / Math.max(1, toPass),
    tests,
  }
}

/**
 * The p-values of goals (one list for each goal, by treatment), adjusted as the spec says for those of which one
 * suffices, times the number of segments. Where all goals have to be better, only the treatments are several chances.
 */
export function adjustGoals(
  spec: Pick<ExperimentSpec, 'multiplicity'>,
  rule: Pick<DecisionRule, 'goals'>,
  pValues: readonly (readonly number[])[],
  segments = 1,
): number[][] {
  const { correction } = spec.multiplicity
  const inSegments = (p: number): number => Math.min(1, p * segments)
  if (correction === 'none') return pValues.map((list) => list.map(inSegments))
  const adjust = (list: readonly number[]): number[] => {
    const adjusted = list.length === 0 ? [] : adjustPValues(list, corrections[correction])
    // A family with a p-value that is none tells nothing from chance.
    return isRefused(adjusted) ? list.map(() => 1) : adjusted.map(inSegments)
  }
  if (rule.goals === 'all') return pValues.map(adjust)
  const flat = adjust(pValues.flat())
  let place = 0
  return pValues.map((list) => list.map(() => flat[place++]!))
}
