import type { EvaluatedOutcome } from '../../../core/experiment-tables.ts'
import { isRefused } from '../../../stats/index.ts'
import { designRefusal } from '../design-refusal.ts'
import { type HealthFinding, refusalFor } from '../health/check-health.ts'
import { type Analysis, type Comparison, methodInput } from '../method-input.ts'
import type { MethodResult, Scale } from '../methods/method.ts'
import { marginOf } from '../methods/non-inferiority.ts'
import { methodRegistry } from '../methods/registry.ts'
import { primaryMethod } from '../primary-method.ts'

/*
 * What one goal or guardrail says. A goal is better when its interval lies on the good side of zero; a guardrail is
 * not worse when the bound on its bad side is within the margin. Both are read off the decision's method.
 */

/** An evaluated outcome with what planning further needs. */
export interface Evaluation extends EvaluatedOutcome {
  readonly stdError: number | null
  readonly n: number
}

export interface EvaluationOptions {
  /** Two-sided error of the interval. */
  readonly intervalAlpha: number
  /** What a p-value is compared with. */
  readonly alpha: number
  /** Two-sided error of a guardrail's interval that tells whether it got worse. */
  readonly deteriorationAlpha?: number
  /** Adjusted for all goals that are tested together; the method's own where it is not given. */
  readonly pValue?: number
}

/** On which scale an outcome is judged: that of its margin or smallest effect worth shipping, else relative. */
export function scaleOf({ outcome }: Pick<Comparison, 'outcome'>): Scale {
  const size = outcome.role === 'guardrail' ? outcome.margin : (outcome.minimumEffect ?? outcome.margin)
  return size ? marginOf(size).scale : 'relative'
}

/** The decision's method for an outcome at a level, or the words why it has none. */
export function decisiveResult(
  analysis: Analysis,
  health: readonly HealthFinding[],
  comparison: Comparison,
  ciLevel: number,
): {
  readonly method: string
  readonly result: MethodResult | { readonly refused: string }
  readonly n: number
} {
  const { outcome, treatment, scope } = comparison
  const scale = scaleOf(comparison)
  const method = primaryMethod(analysis.spec, outcome, scale)
  const entry = methodRegistry[method]
  const input = methodInput(analysis, comparison, scale, {
    ciLevel,
    needs: entry.needs,
    looks: entry.looks ? 'all' : 'own',
  })
  const n = input ? input.treatment.outcomeMoments.n + input.control.outcomeMoments.n : 0
  const unhealthy = refusalFor(health, { ...scope, outcome: outcome.name, treatment })
  if (unhealthy !== null) return { method, n, result: { refused: unhealthy } }
  const undesigned = designRefusal(analysis, method, scope)
  if (undesigned !== null) return { method, n, result: { refused: undesigned } }
  if (!input) return { method, n, result: { refused: 'an arm has no units' } }
  return { method, n, result: entry.compute(input) }
}

/** Judges one goal or guardrail of one treatment in one scope. */
export function evaluateOutcome(
  analysis: Analysis,
  health: readonly HealthFinding[],
  comparison: Comparison,
  options: EvaluationOptions,
): Evaluation {
  const { outcome } = comparison
  const scale = scaleOf(comparison)
  const { method, result, n } = decisiveResult(analysis, health, comparison, 1 - options.intervalAlpha)
  const threshold = outcome.role === 'guardrail' ? outcome.margin : outcome.minimumEffect
  const base = {
    outcome: outcome.name,
    role: outcome.role,
    method,
    scale,
    margin: threshold ? marginOf(threshold).size : null,
    ciLevel: 1 - options.intervalAlpha,
    n,
  }
  if (isRefused(result)) {
    const nothing = { estimate: null, stdError: null, ciLower: null, ciUpper: null, pValue: null }
    return { ...base, ...nothing, passed: false, verdict: 'refused', reason: result.refused }
  }
  const { estimate, stdError, ciLower, ciUpper } = result
  const pValue = options.pValue ?? result.pValue
  const sides = goodSide({ estimate, ciLower, ciUpper }, outcome.better)
  const judged =
    outcome.role === 'guardrail'
      ? judgeGuardrail(sides, strictestBest(analysis, health, comparison, options), base.margin, scale)
      : judgeGoal(sides, { margin: base.margin, pValue, alpha: options.alpha }, scale)
  return { ...base, estimate, stdError, ciLower, ciUpper, pValue, ...judged }
}

/** The best that a guardrail can have come to, at the level that tells whether it got worse. */
function strictestBest(
  analysis: Analysis,
  health: readonly HealthFinding[],
  comparison: Comparison,
  { intervalAlpha, deteriorationAlpha = intervalAlpha }: EvaluationOptions,
): number {
  const { result } = decisiveResult(analysis, health, comparison, 1 - deteriorationAlpha)
  return isRefused(result) ? Infinity : goodSide(result, comparison.outcome.better).best
}

/** An interval seen so that more is better; a bound that is open is infinite. */
interface Sides {
  readonly estimate: number
  readonly worst: number
  readonly best: number
}

function goodSide(
  { estimate, ciLower, ciUpper }: Pick<MethodResult, 'estimate' | 'ciLower' | 'ciUpper'>,
  better: 'higher' | 'lower',
): Sides {
  const lower = ciLower ?? -Infinity
  const upper = ciUpper ?? Infinity
  return better === 'higher'
    ? { estimate, worst: lower, best: upper }
    : { estimate: -estimate, worst: -upper, best: -lower }
}

type Judged = Pick<EvaluatedOutcome, 'passed' | 'verdict' | 'reason'>

function judgeGoal(
  { estimate, worst, best }: Sides,
  { margin, pValue, alpha }: { margin: number | null; pValue: number | null; alpha: number },
  scale: Scale,
): Judged {
  // Where p-values are adjusted, they say more than the interval (Holm rejects what Bonferroni does, and more).
  const isTold = pValue === null ? worst > 0 || best < 0 : pValue <= alpha || worst > 0 || best < 0
  const range = `${amount(estimate, scale)} (${amount(worst, scale)} to ${amount(best, scale)}, more is better)`
  if (isTold && estimate < 0) return { passed: false, verdict: 'worse', reason: `worse: ${range}` }
  if (margin !== null && best < margin)
    return {
      passed: false,
      verdict: 'not_worse',
      reason: `less than the ${amount(margin, scale)} that would be worth shipping: ${range}`,
    }
  if (!isTold) return { passed: false, verdict: 'undecided', reason: `not told from no effect: ${range}` }
  if (margin !== null && estimate < margin)
    return {
      passed: false,
      verdict: 'undecided',
      reason: `better, but perhaps by less than the ${amount(margin, scale)} worth shipping: ${range}`,
    }
  return { passed: true, verdict: 'better', reason: `better: ${range}` }
}

function judgeGuardrail(
  { estimate, worst, best }: Sides,
  surelyAtMost: number,
  margin: number | null,
  scale: Scale,
): Judged {
  const range = `${amount(estimate, scale)} (${amount(worst, scale)} to ${amount(best, scale)}, more is better)`
  if (margin === null)
    return surelyAtMost < 0
      ? { passed: false, verdict: 'worse', reason: `worse: ${range}` }
      : { passed: true, verdict: 'not_worse', reason: `not told to be worse (it has no margin): ${range}` }
  const within = `the margin of ${amount(margin, scale)}`
  if (worst > -margin) return { passed: true, verdict: 'not_worse', reason: `within ${within}: ${range}` }
  if (surelyAtMost < 0)
    return { passed: false, verdict: 'worse', reason: `worse, and not surely within ${within}: ${range}` }
  return { passed: false, verdict: 'undecided', reason: `not yet known to be within ${within}: ${range}` }
}

/** An effect for reading. */
export function amount(value: number, scale: Scale): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const text = scale === 'relative' ? `${(value * 100).toPrecision(3)} %` : value.toPrecision(3)
  return value > 0 ? `+${text}` : text.replace('-', '−')
}
