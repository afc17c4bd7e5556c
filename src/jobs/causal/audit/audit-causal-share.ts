import { planIdentification } from '../../../core/causal-graph/plan-identification.ts'
import type { CausalSpec } from '../../../core/causal-spec.ts'
import { drawPerturbation, type SimulatedRefuter } from '../../../stats/causal/refuters/perturbation.ts'
import { isRefused, makeRandom } from '../../../stats/index.ts'
import { addAnswer, emptyTally, type Tally } from '../../audit/tally.ts'
import type { CausalData } from '../causal-data.ts'
import { type CausalRows, momentsOfRows } from '../data/causal-rows.ts'
import { estimateOutcome, type OutcomeEstimates } from '../estimate-outcome.ts'
import { makeAdjustments } from '../population.ts'
import type { Tried } from '../refute/found.ts'
import { makeReestimator } from '../refute/make-reestimator.ts'
import { drawnUnits, refutedUnits } from '../refute/refuted-units.ts'
import { headlineOf } from '../verdict.ts'
import { type AuditedPopulation, type PotentialOutcomes, trueEffect } from './audited-population.ts'

/** All that a replication is made from and analysed by, as plain data that threads are given. */
export interface CausalAuditInput {
  readonly spec: CausalSpec
  readonly data: Pick<CausalData, 'graph' | 'facts' | 'design' | 'leftOut'>
  readonly population: AuditedPopulation
  readonly seed: number
  /** Units of a replication. */
  readonly units: number
}

/** Replications from one number up to another. */
export interface CausalShare {
  readonly from: number
  readonly to: number
}

/** How a method did on an outcome in some replications. */
export interface TalliedEstimator {
  readonly outcome: string
  readonly estimand: string
  readonly method: string
  readonly truth: number
  readonly tally: Tally
}

/** What a refuter found in some replications, one simulation in each. */
export interface TalliedRefuter {
  readonly outcome: string
  readonly method: string
  readonly refuter: SimulatedRefuter
  /** Effects of placebos, and what a random common cause changed. */
  readonly found: number[]
}

export interface CausalAuditShare {
  readonly estimators: readonly TalliedEstimator[]
  readonly refuters: readonly TalliedRefuter[]
}

/** Draws replications and lets every estimator answer, and two refuters try the answer that the verdict rests on. */
export async function auditCausalShare(
  { spec, data, population, seed, units }: CausalAuditInput,
  { from, to }: CausalShare,
): Promise<CausalAuditShare> {
  const own: CausalSpec = { ...spec, refuters: [] }
  const estimators = new Map<string, TalliedEstimator>()
  const refuters = new Map<string, TalliedRefuter>()
  const origin = { job: '', runId: '', asOf: spec.asOf }
  for (let replication = from; replication < to; replication++) {
    const rows = drawRows(population, units, seed, replication)
    const squaresOf = () => Promise.reject(new Error('the units are at hand'))
    const drawn: CausalData = { ...data, rows, moments: momentsOfRows(rows), squaresOf }
    const adjustmentOf = makeAdjustments(rows)
    for (const potential of population.outcomes) {
      const { outcome } = potential
      const plan = planIdentification(data.graph, own, outcome)
      const answers = await estimateOutcome(origin, { spec: own, data: drawn, plan, outcome }, adjustmentOf)
      tallyEstimates(estimators, population, potential, answers, 1 - spec.ciLevel)
      tallyRefuters(refuters, own, drawn, answers, { seed, replication })
    }
  }
  return { estimators: [...estimators.values()], refuters: [...refuters.values()] }
}

function tallyEstimates(
  into: Map<string, TalliedEstimator>,
  population: AuditedPopulation,
  potential: PotentialOutcomes,
  { outcome, estimates }: OutcomeEstimates,
  alpha: number,
): void {
  for (const { estimand, method, estimate, ciLower, ciUpper } of estimates) {
    const truth = trueEffect(population, potential, estimand)
    if (truth === null) continue
    const key = JSON.stringify([outcome, estimand, method])
    let found = into.get(key)
    if (!found) {
      found = { outcome, estimand, method, truth, tally: emptyTally() }
      into.set(key, found)
    }
    addAnswer(found.tally, { estimate, ciLower, ciUpper, truth }, alpha)
  }
}

function tallyRefuters(
  into: Map<string, TalliedRefuter>,
  spec: CausalSpec,
  data: CausalData,
  answers: OutcomeEstimates,
  { seed, replication }: { readonly seed: number; readonly replication: number },
): void {
  const { outcome, population } = answers
  const headline = headlineOf(spec, outcome, answers.estimates)
  const estimator = spec.estimators.find(({ name }) => name === headline?.method)
  if (!headline || !estimator || headline.estimand.endsWith('_trimmed')) return
  const target = spec.estimands.find((one) => one === headline.estimand) ?? spec.estimands[0]!
  const tried: Tried = { spec, data, outcome: answers, headline, estimator, target, population }
  const refuted = refutedUnits(tried)
  if (isRefused(refuted)) return
  const reestimate = makeReestimator(refuted, estimator, target, spec.seed)
  if (isRefused(reestimate)) return
  for (const refuter of ['placebo_treatment', 'random_common_cause'] as const) {
    const effect = reestimate(drawPerturbation(refuter, drawnUnits(refuted), replication, { seed }))
    if (typeof effect !== 'number') continue
    const key = JSON.stringify([outcome, headline.method, refuter])
    let found = into.get(key)
    if (!found) {
      found = { outcome, method: headline.method, refuter, found: [] }
      into.set(key, found)
    }
    found.found.push(refuter === 'placebo_treatment' ? effect : effect - headline.estimate!)
  }
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
    ...{ n: units, treatment, amounts: null, values },
    keys: Array.from(drawn, (_, place) => String(place)),
    texts: new Map(
      [...rows.texts].map(([column, { codes, texts }]) => [
        column,
        { kind: 'text' as const, texts, codes: Int32Array.from(drawn, (unit) => codes[unit]!) },
      ]),
    ),
  }
}
