import { type IdentificationPlan, wayOf } from '../../core/causal-graph/plan-identification.ts'
import type { CausalEstimand, CausalEstimator, CausalSpec } from '../../core/causal-spec.ts'
import type { Estimate } from '../../core/estimate.ts'
import type { Matching } from '../../stats/causal/matching.ts'
import { optimalTrimming, withinBounds } from '../../stats/causal/trimming.ts'
import { isRefused, type Refusal, refuse } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { type CausalData, labelsOf } from './causal-data.ts'
import { causalEstimate } from './causal-estimate.ts'
import type { MethodResult, Population } from './estimators/estimator.ts'
import { entryOf } from './estimators/registry.ts'
import { lackOfOverlap } from './overlap-rows.ts'
import { type Adjustment, named, populationOf, trimmedPopulation } from './population.ts'

/** Weights that a method gave to the units. */
export interface UsedWeights {
  readonly method: string
  readonly estimand: string
  readonly weights: Float64Array
}

/** Pairs that a method made. */
export interface UsedMatching {
  readonly method: string
  readonly estimand: string
  readonly matching: Matching
}

/** What is known of the effect on one outcome. */
export interface OutcomeEstimates {
  readonly outcome: string
  readonly plan: IdentificationPlan
  readonly estimates: readonly Estimate[]
  /** Null where no method looks at units one by one, or where their propensity cannot be fitted. */
  readonly population: Population | null
  /** Of each target that could not be spoken of, the units that are comparable. */
  readonly trimmed: ReadonlyMap<CausalEstimand, Population>
  readonly adjusted: readonly string[]
  readonly weights: readonly UsedWeights[]
  readonly matchings: readonly UsedMatching[]
}

interface Question {
  readonly spec: CausalSpec
  readonly data: CausalData
  readonly plan: IdentificationPlan
  readonly outcome: string
}

/** Runs all estimators on one outcome; where units are not comparable, they are refused and others asked instead. */
export async function estimateOutcome(
  origin: TableOrigin,
  question: Question,
  adjustmentOf: ((labels: readonly string[]) => Adjustment) | null,
): Promise<OutcomeEstimates> {
  const { spec, data, plan, outcome } = question
  const adjusted = plan.adjustmentSet ? labelsOf(data, plan.adjustmentSet) : []
  const adjustment = adjustmentOf && plan.adjustmentSet ? adjustmentOf(adjusted) : null
  const fit = adjustment?.propensity ?? null
  const population =
    adjustment && fit && !isRefused(fit) ? populationOf(data.rows!, adjustment, fit, outcome) : null
  const estimates: Estimate[] = []
  const weights: UsedWeights[] = []
  const matchings: UsedMatching[] = []
  const trimmed = new Map<CausalEstimand, Population>()
  const sizes = sizesOf(data)
  const tell = (estimator: CausalEstimator, result: MethodResult, own = sizes): void => {
    const { name: method } = estimator
    const diagnostics =
      wayOf(estimator.method) === 'backdoor'
        ? { adjusted_for: adjusted, ...result.diagnostics }
        : result.diagnostics
    const answer = { ...result, diagnostics, result: named(result.result, adjusted) }
    estimates.push(causalEstimate(spec, origin, { outcome, method, ...own }, answer))
    const { estimand, weights: used, matching } = result
    if (own !== sizes || isRefused(result.result)) return
    if (used) weights.push({ method, estimand, weights: used })
    if (matching) matchings.push({ method, estimand, matching })
  }
  for (const [index, target] of spec.estimands.entries()) {
    const lack = refusalFor(spec, fit, population, target)
    const asked: CausalEstimator[] = []
    for (const estimator of spec.estimators) {
      const { speaksOf } = entryOf(estimator)
      if (speaksOf === 'itself' && index > 0) continue
      const isBackdoor = wayOf(estimator.method) === 'backdoor'
      const isComparable = !isBackdoor || lack === null || (speaksOf === 'itself' && population !== null)
      if (isComparable)
        for (const result of await run(question, estimator, target, population)) tell(estimator, result)
      else {
        tell(estimator, { estimand: target, result: refuse(lack.refused), diagnostics: {} })
        asked.push(estimator)
      }
    }
    if (asked.length > 0 && population) {
      const kept = await askInstead(question, target, population, asked, adjusted, tell)
      if (kept) trimmed.set(target, kept)
    }
  }
  return { outcome, plan, estimates, population, trimmed, adjusted, weights, matchings }
}

/** Why no method that compares like with like can speak of a target. */
function refusalFor(
  spec: CausalSpec,
  fit: Adjustment['propensity'] | null,
  population: Population | null,
  target: CausalEstimand,
): Refusal | null {
  if (fit && isRefused(fit)) return fit
  const lack = population && lackOfOverlap(spec, population, target)
  return lack === null ? null : refuse(lack)
}

function run(
  { spec, data, plan, outcome }: Question,
  estimator: CausalEstimator,
  target: CausalEstimand,
  population: Population | null,
): Promise<readonly MethodResult[]> {
  return entryOf(estimator).compute({ spec, data, plan, outcome, target, population }, estimator)
}

type Tell = (
  estimator: CausalEstimator,
  result: MethodResult,
  own?: { readonly n: number; readonly nTreated: number | null },
) => void

/** Where the effect on all cannot be told: that on the treated if it can, and that on those who are comparable. */
async function askInstead(
  question: Question,
  target: CausalEstimand,
  population: Population,
  estimators: readonly CausalEstimator[],
  adjusted: readonly string[],
  tell: Tell,
): Promise<Population | null> {
  const { spec } = question
  const offers = (['att', 'atc'] as const).filter(
    (other) =>
      target === 'ate' && !spec.estimands.includes(other) && lackOfOverlap(spec, population, other) === null,
  )
  for (const estimand of offers)
    for (const estimator of estimators)
      for (const result of await run(question, estimator, estimand, population))
        tell(estimator, offered(result, target))
  const { probabilities } = population.propensity
  const { trim } = spec.overlap
  const bounds =
    trim === 'optimal' ? optimalTrimming(probabilities, target) : { lower: trim[0], upper: trim[1] }
  const kept = withinBounds(probabilities, bounds)
  const trimmed =
    kept.length === probabilities.length
      ? refuse('trimming leaves out nobody')
      : trimmedPopulation(population, kept, adjusted)
  const estimand = `${target}_trimmed`
  const lack = isRefused(trimmed) ? trimmed.refused : lackOfOverlap(spec, trimmed, target)
  const size = {
    n: kept.length,
    nTreated: kept.reduce((sum, unit) => sum + population.units.treatment[unit]!, 0),
  }
  for (const estimator of estimators) {
    const diagnostics = { trimmed_to: [bounds.lower, bounds.upper], offered_for: target }
    if (lack !== null || isRefused(trimmed)) {
      tell(estimator, { estimand, result: refuse(lack!), diagnostics }, size)
      continue
    }
    for (const result of await run(question, estimator, target, trimmed))
      tell(estimator, { ...result, estimand, diagnostics: { ...result.diagnostics, ...diagnostics } }, size)
  }
  return isRefused(trimmed) ? null : trimmed
}

function offered(result: MethodResult, target: CausalEstimand): MethodResult {
  return { ...result, diagnostics: { ...result.diagnostics, offered_for: target } }
}

function sizesOf({ moments: { groups } }: CausalData): {
  readonly n: number
  readonly nTreated: number | null
} {
  return {
    n: groups.reduce((sum, { n }) => sum + n, 0),
    nTreated: groups.length === 2 ? groups[1]!.n : null,
  }
}
