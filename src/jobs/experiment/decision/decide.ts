import type { DecisionRule } from '../../../core/experiment-spec.ts'
import type { DecisionKind } from '../../../core/experiment-tables.ts'
import type { Scope } from '../data/cell-index.ts'
import { armsOf } from '../data/outcome-variables.ts'
import type { HealthFinding } from '../health/check-health.ts'
import type { Analysis } from '../method-input.ts'
import { adjustGoals, type ErrorRates, errorRates } from './error-rates.ts'
import { decisiveResult, type Evaluation, evaluateOutcome } from './evaluate-outcome.ts'
import { isOver } from './is-over.ts'
import { type Decision, type Heterogeneity, launchOf } from './launch.ts'
import { type Outlook, outlook } from './units-needed.ts'

/*
 * What to do with each treatment. Roll back when a goal or a guardrail got worse; ship when the goals are better and
 * every guardrail is not worse; otherwise keep running while more units would tell more, and call it inconclusive when
 * they would not. A guardrail that could not be evaluated is never passed over: then there is no decision.
 */

/** Decides on every treatment, for everybody and in each segment. */
export function decide(
  analysis: Analysis,
  health: readonly HealthFinding[],
  heterogeneity: Heterogeneity,
): Decision[] {
  const { spec, index } = analysis
  const rule = spec.decision
  if (!rule) return []
  const decisions = index.scopes.flatMap((scope) => decideScope(analysis, health, rule, scope))
  return decisions.map((decision) =>
    decision.segmentName === null
      ? { ...decision, launch: launchOf(decision, decisions, heterogeneity) }
      : decision,
  )
}

function decideScope(
  analysis: Analysis,
  health: readonly HealthFinding[],
  rule: DecisionRule,
  scope: Scope,
): Decision[] {
  const { spec, index } = analysis
  const values = index.scopes.filter(({ segmentName }) => segmentName === scope.segmentName).length
  const segments = scope.segmentName === null ? 1 : values
  const rates = errorRates(spec, rule, segments)
  const goals = spec.outcomes.filter(({ role }) => role === 'goal')
  const guardrails = spec.outcomes.filter(({ role }) => role === 'guardrail')
  const pValues = goals.map((outcome) =>
    spec.treatments.map((treatment) => {
      const { result } = decisiveResult(analysis, health, { outcome, treatment, scope }, 1 - rates.goalAlpha)
      return 'refused' in result ? 1 : (result.pValue ?? 1)
    }),
  )
  const adjusted = adjustGoals(spec, rule, pValues, segments)
  return spec.treatments.map((treatment, place) => {
    const evaluations = [
      ...goals.map((outcome, goal) =>
        evaluateOutcome(
          analysis,
          health,
          { outcome, treatment, scope },
          {
            // The adjusted p-value is compared with the error of the whole family.
            intervalAlpha: rates.goalAlpha,
            alpha: rule.alpha,
            pValue: adjusted[goal]![place]!,
          },
        ),
      ),
      ...guardrails.map((outcome) =>
        evaluateOutcome(
          analysis,
          health,
          { outcome, treatment, scope },
          {
            intervalAlpha: 2 * rates.guardrailAlpha,
            alpha: rates.guardrailAlpha,
            deteriorationAlpha: 2 * rates.deteriorationAlpha,
          },
        ),
      ),
    ]
    return decideOne(analysis, { treatment, scope, rule, rates, evaluations })
  })
}

interface Case {
  readonly treatment: string
  readonly scope: Scope
  readonly rule: DecisionRule
  readonly rates: ErrorRates
  readonly evaluations: readonly Evaluation[]
}

function decideOne(analysis: Analysis, { treatment, scope, rule, rates, evaluations }: Case): Decision {
  const { spec, index } = analysis
  const units = armsOf(spec).reduce((sum, arm) => sum + index.unitsOf(arm, scope), 0)
  const view = outlook(spec, evaluations, rates, units)
  const { decision, reason } = verdictOf(rule, evaluations, isOver(analysis, view, rates), view)
  const goesOn = decision === 'keep_running' && view.unitsNeeded !== null && view.unitsNeeded > 0
  return {
    treatment,
    comparison: spec.control,
    segmentName: scope.segmentName,
    segmentValue: scope.segmentValue,
    decision,
    launch: null,
    reason,
    evaluated: evaluations.map(({ stdError: _, n: __, ...evaluated }) => evaluated),
    power: view.power,
    unitsNeeded: goesOn ? view.unitsNeeded : null,
    daysNeeded: goesOn ? daysFor(analysis, view.unitsNeeded!, scope) : null,
  }
}

function verdictOf(
  rule: DecisionRule,
  evaluations: readonly Evaluation[],
  over: string | null,
  { unitsNeeded }: Outlook,
): { decision: DecisionKind; reason: string } {
  const named = (found: readonly Evaluation[]): string =>
    found.map(({ outcome, reason }) => `${outcome}: ${reason}`).join('; ')
  const refused = evaluations.filter(({ verdict }) => verdict === 'refused')
  if (refused.length > 0)
    return {
      decision: 'refused',
      reason: `cannot be decided, since not everything could be evaluated. ${named(refused)}`,
    }
  const worse = evaluations.filter(({ verdict }) => verdict === 'worse')
  if (worse.length > 0) return { decision: 'roll_back', reason: named(worse) }
  const goals = evaluations.filter(({ role }) => role === 'goal')
  const guardrails = evaluations.filter(({ role }) => role === 'guardrail')
  const passed = goals.filter((goal) => goal.passed)
  const goalsPass = rule.goals === 'all' ? passed.length === goals.length : passed.length > 0
  const open = guardrails.filter((guardrail) => !guardrail.passed)
  if (goals.length > 0 && goalsPass && open.length === 0) {
    // Those without a margin pass where nothing tells that they are worse.
    const safe = guardrails.length > 0 ? `; every guardrail passes (${guardrails.length})` : ''
    return { decision: 'ship', reason: `${named(passed)}${safe}` }
  }
  const missing = named([...goals.filter((goal) => !goal.passed), ...open])
  if (over !== null) return { decision: 'inconclusive', reason: `${over}, and this is open: ${missing}` }
  const more = unitsNeeded ? `Some ${unitsNeeded.toLocaleString('en')} more units would tell. ` : ''
  return { decision: 'keep_running', reason: `${more}${missing}` }
}

/** Days until so many units have come, at the pace of the last seven days. */
function daysFor({ spec, index }: Analysis, unitsNeeded: number, scope: Scope): number | null {
  const last = index.days.at(-1)
  const before = index.days.at(-8) ?? index.days[0]
  if (!last || !before || last === before) return null
  const units = (day: string): number =>
    armsOf(spec).reduce((sum, arm) => sum + index.unitsOf(arm, scope, { day }), 0)
  const days = (Date.parse(last) - Date.parse(before)) / 86_400_000
  const perDay = (units(last) - units(before)) / days
  return perDay > 0 ? Math.ceil(unitsNeeded / perDay) : null
}
