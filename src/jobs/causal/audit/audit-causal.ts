import { planIdentification } from '../../../core/causal-graph/plan-identification.ts'
import type { CausalSpec } from '../../../core/causal-spec.ts'
import { drawPerturbation, type SimulatedRefuter } from '../../../stats/causal/refuters/perturbation.ts'
import { isRefused, makeRandom } from '../../../stats/index.ts'
import { addAnswer, emptyTally, type Tally, type TallyResult, tallyResult } from '../../audit/tally.ts'
import type { CausalData } from '../causal-data.ts'
import { type CausalRows, momentsOfRows } from '../data/causal-rows.ts'
import { estimateOutcome } from '../estimate-outcome.ts'
import { makeAdjustments } from '../population.ts'
import { makeReestimator } from '../refute/make-reestimator.ts'
import { headlineOf } from '../verdict.ts'
import { type AuditedPopulation, trueEffect } from './audited-population.ts'

export interface CausalAuditPlan {
  readonly replications: number
  readonly seed: number
  /** Units of a replication. */
  readonly units: number
}

/** How one method did on one outcome. */
export interface AuditedEstimator extends TallyResult {
  readonly outcome: string
  readonly estimand: string
  readonly method: string
  readonly truth: number
}

/** What a refuter found over the replications, one simulation in each. */
export interface AuditedRefuter {
  readonly outcome: string
  readonly method: string
  readonly refuter: SimulatedRefuter
  /** Mean of what it found, less the estimate where it should not change that; with its Monte Carlo error. */
  readonly mean: number
  readonly error: number
  /** Spread of what it found. */
  readonly spread: number
}

export interface CausalAudit {
  readonly estimators: readonly AuditedEstimator[]
  readonly refuters: readonly AuditedRefuter[]
}

/**
 * Draws units with replacement, treats each with its own probability, and lets every estimator answer: what a repetition
 * of the same history would have shown. The truth is that of the population, whatever units were drawn.
 */
export async function auditCausal(
  spec: CausalSpec,
  data: CausalData,
  population: AuditedPopulation,
  { replications, seed, units }: CausalAuditPlan,
  progress: (done: number, of: number) => void = () => {},
): Promise<CausalAudit> {
  const own: CausalSpec = { ...spec, refuters: [] }
  const tallies = new Map<string, Omit<AuditedEstimator, keyof TallyResult> & { readonly tally: Tally }>()
  const tried = new Map<
    string,
    { outcome: string; method: string; refuter: SimulatedRefuter; found: number[] }
  >()
  const origin = { job: '', runId: '', asOf: spec.asOf }
  for (let replication = 0; replication < replications; replication++) {
    const rows = drawRows(population, units, seed, replication)
    const drawn: CausalData = { ...data, rows, moments: momentsOfRows(rows) }
    const adjustmentOf = makeAdjustments(rows)
    for (const potential of population.outcomes) {
      const { outcome } = potential
      const plan = planIdentification(data.graph, own, outcome)
      const answers = await estimateOutcome(origin, { spec: own, data: drawn, plan, outcome }, adjustmentOf)
      for (const { estimand, method, estimate, ciLower, ciUpper } of answers.estimates) {
        const truth = trueEffect(population, potential, estimand)
        if (truth === null) continue
        const key = JSON.stringify([outcome, estimand, method])
        let found = tallies.get(key)
        if (!found) {
          found = { outcome, estimand, method, truth, tally: emptyTally() }
          tallies.set(key, found)
        }
        addAnswer(found.tally, { estimate, ciLower, ciUpper, truth }, 1 - spec.ciLevel)
      }
      const headline = headlineOf(own, outcome, answers.estimates)
      const estimator = spec.estimators.find(({ name }) => name === headline?.method)
      if (!headline || !estimator || !answers.population) continue
      const target = spec.estimands.find((one) => one === headline.estimand) ?? spec.estimands[0]!
      const reestimate = makeReestimator(answers.population.units, estimator, target)
      if (isRefused(reestimate)) continue
      for (const refuter of ['placebo_treatment', 'random_common_cause'] as const) {
        const effect = reestimate(drawPerturbation(refuter, answers.population.units, replication, { seed }))
        if (typeof effect !== 'number') continue
        const key = JSON.stringify([outcome, headline.method, refuter])
        let found = tried.get(key)
        if (!found) {
          found = { outcome, method: headline.method, refuter, found: [] }
          tried.set(key, found)
        }
        found.found.push(refuter === 'placebo_treatment' ? effect : effect - headline.estimate!)
      }
    }
    progress(replication + 1, replications)
  }
  return {
    estimators: [...tallies.values()].map(({ tally, ...about }) => ({ ...about, ...tallyResult(tally) })),
    refuters: [...tried.values()].map(({ found, ...about }) => ({ ...about, ...summaryOf(found) })),
  }
}

function summaryOf(found: readonly number[]): Pick<AuditedRefuter, 'mean' | 'error' | 'spread'> {
  const mean = found.reduce((sum, value) => sum + value, 0) / found.length
  const spread = Math.sqrt(found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (found.length - 1))
  return { mean, error: spread / Math.sqrt(found.length), spread }
}

/** Units as they might have been: others of the same kind, treated by the same chances. */
function drawRows(
  { rows, propensity, outcomes }: AuditedPopulation,
  units: number,
  seed: number,
  replication: number,
): CausalRows {
  const random = makeRandom(seed, replication)
  const drawn = Int32Array.from({ length: units }, () => random.int(rows.n))
  const treatment = Uint8Array.from(drawn, (unit) => (random.uniform() < propensity[unit]! ? 1 : 0))
  const pick = (values: Float64Array): Float64Array => Float64Array.from(drawn, (unit) => values[unit]!)
  const values = new Map([...rows.values].map(([label, all]) => [label, pick(all)]))
  for (const { outcome, without, with: treated } of outcomes)
    values.set(
      outcome,
      Float64Array.from(drawn, (unit, place) => (treatment[place] === 1 ? treated[unit]! : without[unit]!)),
    )
  return {
    n: units,
    keys: Array.from(drawn, (_, place) => String(place)),
    treatment,
    values,
    texts: new Map(
      [...rows.texts].map(([column, { codes, texts }]) => [
        column,
        { kind: 'text' as const, texts, codes: Int32Array.from(drawn, (unit) => codes[unit]!) },
      ]),
    ),
  }
}
