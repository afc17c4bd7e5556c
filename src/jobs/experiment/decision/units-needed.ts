import type { ExperimentSpec } from '../../../core/experiment-spec.ts'
import { additionalSampleFactor, criticalValue, normalCdf } from '../../../stats/index.ts'
import type { ErrorRates } from './error-rates.ts'
import type { Evaluation } from './evaluate-outcome.ts'

/*
 * Whether going on would tell more: the power that each goal and guardrail has with the units so far, and how many
 * more would give it the planned one. A goal is to find the smallest effect worth shipping, a guardrail to show that
 * no effect is within its margin.
 */

export interface Outlook {
  /** Of the outcome that has least. */
  readonly power: number | null
  /** Null where it cannot be said; 0 where there are enough. */
  readonly unitsNeeded: number | null
}

/** The outlook of a decision from its evaluated outcomes; `units` are those of all arms so far. */
export function outlook(
  spec: ExperimentSpec,
  evaluations: readonly Evaluation[],
  rates: ErrorRates,
  units: number,
): Outlook {
  const planned = evaluations.filter(
    ({ margin, stdError }) => margin !== null && margin > 0 && stdError !== null,
  )
  if (planned.length === 0) return { power: null, unitsNeeded: null }
  const powers = planned.map((evaluation) => powerNow(spec, evaluation, rates))
  const open = openAmong(planned, spec)
  const factors = (open.length > 0 ? open : planned).map((evaluation) =>
    factorNeeded(spec, evaluation, rates),
  )
  const most = Math.max(...factors)
  return {
    power: Math.min(...powers),
    unitsNeeded: Number.isFinite(most) ? Math.ceil(most * units) : null,
  }
}

/** What more units could still tell: not what has passed already, nor other goals where one that has suffices. */
function openAmong(evaluations: readonly Evaluation[], { decision }: ExperimentSpec): Evaluation[] {
  const suffices =
    decision?.goals === 'any' && evaluations.some(({ role, passed }) => role === 'goal' && passed)
  return evaluations.filter(({ role, passed }) => !passed && !(suffices && role === 'goal'))
}

/** The error of the side that decides: both sides of a goal are tested, of a guardrail the bad one. */
function alphaOf({ role }: Evaluation, { goalAlpha, guardrailAlpha }: ErrorRates): number {
  return role === 'goal' ? goalAlpha : 2 * guardrailAlpha
}

function criticalOf(spec: ExperimentSpec, evaluation: Evaluation, rates: ErrorRates): number {
  const { ciLower, ciUpper, stdError, ciLevel } = evaluation
  const alpha = alphaOf(evaluation, rates)
  if (!spec.sequential || ciLower === null || ciUpper === null) return criticalValue(1 - alpha)
  // The sequence's own half-width, as it is now.
  return ciLevel === null ? criticalValue(1 - alpha) : (ciUpper - ciLower) / 2 / stdError!
}

function powerNow(spec: ExperimentSpec, evaluation: Evaluation, rates: ErrorRates): number {
  return normalCdf(evaluation.margin! / evaluation.stdError! - criticalOf(spec, evaluation, rates))
}

/** How many times the units so far have still to come. */
function factorNeeded(spec: ExperimentSpec, evaluation: Evaluation, rates: ErrorRates): number {
  const { margin, stdError, n } = evaluation
  if (powerNow(spec, evaluation, rates) >= rates.power) return 0
  const plan = spec.sequential
  const factor = additionalSampleFactor({ stdError: stdError! }, n, {
    effect: margin!,
    power: rates.power,
    alpha: alphaOf(evaluation, rates),
    ...(plan?.kind === 'confidence_sequence' && { tuningUnits: plan.tuningUnits }),
  })
  return typeof factor === 'number' ? factor : Number.POSITIVE_INFINITY
}
