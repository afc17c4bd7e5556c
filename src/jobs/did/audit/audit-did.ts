import type { DidSpec } from '../../../core/did-spec.ts'
import { never, type Panel } from '../../../stats/causal/panel/panel.ts'
import {
  momentsFromSums,
  type PanelMoments,
  type PanelSums,
} from '../../../stats/causal/panel/panel-moments.ts'
import { pickUnits } from '../../../stats/causal/panel/select-panel.ts'
import { makeRandom, type Refusal, refuse } from '../../../stats/index.ts'
import { addAnswer, emptyTally, type Tally, tallyResult } from '../../audit/tally.ts'
import type { AuditedEstimator } from '../../causal/audit/audit-causal.ts'
import type { DidFacts, DidOutcomeData } from '../did-data.ts'
import { didHeadline } from '../did-verdict.ts'
import { estimatePanel } from '../estimate-panel.ts'

export interface DidAuditPlan {
  readonly replications: number
  readonly seed: number
  /** Most units of a replication. */
  readonly units: number
  readonly progress?: (done: number, of: number) => void
}

/**
 * How estimators do where trends are parallel and the effect is known: units keep their dates, their levels and how they move from
 * period to period; what their groups have apart from a common trend is taken out, and the estimated effect put in, the same for
 * everybody. Each replication draws units with replacement, or clusters where there are some.
 */
export function auditDid(
  spec: DidSpec,
  facts: DidFacts,
  data: DidOutcomeData,
  { replications, seed, units, progress = () => {} }: DidAuditPlan,
): readonly AuditedEstimator[] | Refusal {
  const { sums, panel } = data
  if (!sums) return refuse('the units of the panel are not at hand')
  const own: DidSpec = { ...spec, refuters: [], aggregations: ['simple'], scale: 'absolute' }
  const origin = { job: '', runId: '', asOf: spec.asOf }
  const headline = didHeadline(own, estimatePanel(own, facts, data, origin).estimates)
  if (headline?.estimate == null) return refuse('no method answered, so there is no effect to put in')
  const population = parallelPopulation(sums, panel, data.moments, headline.estimate)
  const tallies = new Map<
    string,
    Omit<AuditedEstimator, keyof ReturnType<typeof tallyResult>> & { tally: Tally }
  >()
  for (let replication = 0; replication < replications; replication++) {
    const drawn = drawUnits(population, units, seed, replication)
    for (const row of estimatePanel(own, facts, { ...data, ...drawn }, origin).estimates) {
      const { outcome, estimand, method, estimate, ciLower, ciUpper, pValue } = row
      const truth = estimand === 'att_relative' ? population.share : headline.estimate
      const key = JSON.stringify([estimand, method])
      const found = tallies.get(key) ?? { outcome, estimand, method, truth, tally: emptyTally() }
      tallies.set(key, found)
      addAnswer(found.tally, { estimate, ciLower, ciUpper, pValue, truth }, 1 - spec.ciLevel)
    }
    progress(replication + 1, replications)
  }
  return [...tallies.values()].map(({ tally, ...about }) => ({ ...about, ...tallyResult(tally) }))
}

interface ParallelPopulation {
  readonly sums: PanelSums
  readonly panel: Panel | null
  /** The effect as a share of what would have been. */
  readonly share: number
}

/** The panel as it would be with parallel trends and one effect. */
function parallelPopulation(
  sums: PanelSums,
  panel: Panel | null,
  { groups, periods }: PanelMoments,
  effect: number,
): ParallelPopulation {
  const width = periods.length
  const base = groups.find(({ firstTreated }) => firstTreated === never) ?? groups.at(-1)!
  const shifts = new Map(
    groups.map(({ firstTreated, weights, means }) => {
      const before = periods.flatMap((period, time) =>
        period < firstTreated && weights[time]! > 0 && base.weights[time]! > 0 ? [time] : [],
      )
      const weight = before.reduce((sum, time) => sum + weights[time]!, 0)
      const apart = before.reduce(
        (sum, time) => sum + (weights[time]! / weight) * (means[time]! - base.means[time]!),
        0,
      )
      return [
        firstTreated,
        periods.map((period, time) =>
          weights[time] === 0 || base.weights[time] === 0
            ? 0
            : base.means[time]! + apart - means[time]! + (period >= firstTreated ? effect : 0),
        ),
      ]
    }),
  )
  let [all, without] = [0, 0]
  for (const { firstTreated, weights, means } of groups)
    for (const [time, period] of periods.entries()) {
      if (period < firstTreated || weights[time] === 0) continue
      all += weights[time]!
      without += weights[time]! * (means[time]! + shifts.get(firstTreated)![time]! - effect)
    }
  const moved = sums.sums.map(
    (sum, cell) =>
      sum + sums.weights[cell]! * shifts.get(sums.firstTreated[Math.floor(cell / width)]!)![cell % width]!,
  )
  return {
    sums: { ...sums, sums: moved },
    panel: panel && { ...panel, outcome: moved },
    share: effect / (without / all),
  }
}

/** Units as they might have been: others of the same kind, whole clusters of them where there are some. */
function drawUnits(
  { sums, panel }: ParallelPopulation,
  most: number,
  seed: number,
  replication: number,
): Pick<DidOutcomeData, 'sums' | 'moments' | 'panel'> {
  const random = makeRandom(seed, replication)
  const units = sums.firstTreated.length
  const { clusters, ...unclustered } = sums
  if (!clusters) {
    const kept = Int32Array.from({ length: Math.min(most, units) }, () => random.int(units))
    return pickUnits(sums, panel, kept)
  }
  const count = clusters.reduce((largest, cluster) => Math.max(largest, cluster), -1) + 1
  const members: number[][] = Array.from({ length: count }, () => [])
  for (const [unit, cluster] of clusters.entries()) members[cluster]!.push(unit)
  const drawn = members.map(() => members[random.int(members.length)]!)
  const picked = pickUnits(unclustered, panel, Int32Array.from(drawn.flat()))
  // A cluster that is drawn twice is two clusters.
  const own = {
    ...picked.sums,
    clusters: Int32Array.from(drawn.flatMap((block, index) => block.map(() => index))),
  }
  return { ...picked, sums: own, moments: momentsFromSums(own) }
}
