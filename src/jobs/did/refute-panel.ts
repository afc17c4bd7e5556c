import type { DidEstimator, DidRefuter, DidSpec } from '../../core/did-spec.ts'
import type { PanelRefutationRow } from '../../core/did-tables.ts'
import type { Estimate } from '../../core/estimate.ts'
import { never } from '../../stats/causal/panel/panel.ts'
import {
  firstPeriods,
  firstPeriodsOf,
  pickUnits,
  placeboStart,
  withoutGroup,
  withoutGroupOf,
} from '../../stats/causal/panel/select-panel.ts'
import { judgeRefuter, short } from '../../stats/causal/refuters/refute.ts'
import { isRefused, makeRandom, type Random } from '../../stats/index.ts'
import type { TableOrigin } from '../experiment/estimate-row.ts'
import { type DidFacts, type DidOutcomeData, labelOf } from './did-data.ts'
import { overallEffect, type PanelView } from './panel-view.ts'

type Found = Pick<PanelRefutationRow, 'verdict' | 'message'> & Partial<PanelRefutationRow>

interface Tried {
  readonly spec: DidSpec
  readonly facts: DidFacts
  readonly data: DidOutcomeData
  readonly estimator: DidEstimator
  readonly original: { readonly estimate: number; readonly stdError: number }
}

/** A placebo whose p-value is below it has an effect that it should not have. */
const placeboLevel = 0.05
/** With fewer units never treated, groups drawn from them are the same ones again and again. */
const fewestToDraw = 10

/** Lets every refuter try the estimate that stands for an outcome. */
export function refutePanel(
  spec: DidSpec,
  facts: DidFacts,
  data: DidOutcomeData,
  origin: TableOrigin,
  headline: Estimate,
): PanelRefutationRow[] {
  const estimator = spec.estimators.find(({ name }) => name === headline.method)!
  const view = overallEffect(spec, estimator, data)
  const original = isRefused(view) ? { estimate: Number.NaN, stdError: Number.NaN } : view
  const tried: Tried = { spec, facts, data, estimator, original }
  return spec.refuters.map((refuter) => ({
    ...{ ...origin, outcome: data.outcome, estimand: 'att', method: headline.method },
    ...{ refuter: refuter.refuter, estimate: original.estimate, newEffect: null, spread: null },
    ...{ pValue: null, simulations: null, diagnostics: {} },
    ...tryOne(tried, refuter),
  }))
}

function tryOne(tried: Tried, refuter: DidRefuter): Found {
  switch (refuter.refuter) {
    case 'placebo_dates':
      return placeboDates(tried)
    case 'leave_one_group_out':
      return leaveOneGroupOut(tried)
    case 'placebo_groups':
      return placeboGroups(tried, refuter.simulations)
    case 'data_subset':
      return dataSubset(tried, refuter.simulations, refuter.share)
  }
}

const notEvaluated = (reason: string): Found => ({
  verdict: 'not_evaluated',
  message: `not evaluated: ${reason}`,
})

/** Treatment said to have begun earlier, in periods in which nobody was treated: nothing should be found. */
function placeboDates({ spec, facts, data, estimator }: Tried): Found {
  const { moments, panel } = data
  const first = Math.min(...moments.groups.map(({ firstTreated }) => firstTreated))
  const count = moments.periods.filter((period) => period < first - spec.anticipation).length
  if (count < 2) return notEvaluated('two periods before all treatment are needed')
  const startOf = placeboStart(moments.periods.slice(0, count))
  const effect = overallEffect({ ...spec, anticipation: 0 }, estimator, {
    moments: firstPeriods(moments, count, startOf),
    panel: panel && firstPeriodsOf(panel, count, startOf),
  })
  if (isRefused(effect)) return notEvaluated(effect.refused)
  const { estimate, stdError, pValue } = effect
  const passes = pValue >= placeboLevel
  const start = labelOf(facts, startOf(first))
  const noise = Number.isFinite(stdError) ? ` (±${short(1.96 * stdError)})` : ''
  return {
    verdict: passes ? 'passes' : 'fails',
    message: `${passes ? 'passes' : 'fails'}: had treatment begun in ${start}, when it had not, its effect would be ${short(estimate)}${noise}, ${passes ? 'within noise' : 'not the 0 that it should be'}`,
    ...{ newEffect: estimate, spread: Number.isFinite(stdError) ? stdError : null, pValue },
    diagnostics: { placebo_start: start, periods: count },
  }
}

/** Each group of units that were treated together left out in turn: the effect should not hang on one of them. */
function leaveOneGroupOut({ spec, facts, data, estimator, original }: Tried): Found {
  const { moments, panel } = data
  const starts = moments.groups.map(({ firstTreated }) => firstTreated).filter((start) => start !== never)
  if (starts.length < 2) return notEvaluated('all treated units were first treated together')
  const without = starts.flatMap((start) => {
    const effect = overallEffect(spec, estimator, {
      moments: withoutGroup(moments, start),
      panel: panel && withoutGroupOf(panel, start),
    })
    return isRefused(effect) ? [] : [{ group: labelOf(facts, start), estimate: effect.estimate }]
  })
  if (without.length === 0) return notEvaluated('no group can be left out')
  const estimates = without.map(({ estimate }) => estimate)
  const [least, most] = [Math.min(...estimates), Math.max(...estimates)]
  const turned = without.filter(({ estimate }) => Math.sign(estimate) !== Math.sign(original.estimate))
  const isNothing = Math.abs(original.estimate) < 1.96 * original.stdError
  const passes = turned.length === 0 || isNothing
  const farthest = without.reduce((worst, one) =>
    Math.abs(one.estimate - original.estimate) > Math.abs(worst.estimate - original.estimate) ? one : worst,
  )
  return {
    verdict: passes ? 'passes' : 'fails',
    message: `${passes ? 'passes' : 'fails'}: without one of the groups the effect is ${short(least)} to ${short(most)}, ${
      passes
        ? `farthest without the one of ${farthest.group}`
        : `and changes its sign without ${turned.map(({ group }) => group).join(', ')}`
    }`,
    ...{ newEffect: farthest.estimate, spread: most - least },
    diagnostics: { without: Object.fromEntries(without.map(({ group, estimate }) => [group, estimate])) },
  }
}

/** Units that were never treated take the dates of those that were: nothing should be found. */
function placeboGroups(tried: Tried, simulations: number): Found {
  const { spec, data } = tried
  const { sums, panel, moments } = data
  if (!sums) return notEvaluated('the estimate rests on sums, of which nothing can be drawn anew')
  const blocks = blocksOf(sums.firstTreated, sums.clusters)
  const all = blocks.length
  const idle = blocks.filter((units) => units.every((unit) => sums.firstTreated[unit] === never))
  if (idle.length < fewestToDraw)
    return notEvaluated(`${idle.length} never treated, and ${fewestToDraw} are needed to draw from`)
  const starts = moments.groups.map(({ firstTreated }) => firstTreated).filter((start) => start !== never)
  // As many of the idle as were treated of all, and one at least in each group.
  const sizes = starts.map((start) => {
    const treated = blocks.filter((units) => units.some((unit) => sums.firstTreated[unit] === start)).length
    return Math.max(1, Math.round((treated / all) * idle.length))
  })
  const draw = (random: Random): PanelView => {
    const order = [...idle]
    random.shuffle(order)
    const start = new Map<number, number>()
    let from = 0
    for (const [group, size] of sizes.entries()) {
      for (const units of order.slice(from, from + size))
        for (const unit of units) start.set(unit, starts[group]!)
      from += size
    }
    const kept = Int32Array.from(idle.flat()).sort()
    return pickUnits(sums, panel, kept, (unit) => start.get(unit) ?? never)
  }
  return simulated(tried, 'placebo_treatment', simulations, draw, spec.seed)
}

/** Parts of the units, drawn by cluster where there are clusters: they should say the same. */
function dataSubset(tried: Tried, simulations: number, share: number): Found {
  const { spec, data } = tried
  const { sums, panel } = data
  if (!sums) return notEvaluated('the estimate rests on sums, of which nothing can be drawn anew')
  const blocks = blocksOf(sums.firstTreated, sums.clusters)
  const draw = (random: Random): PanelView => {
    const order = [...blocks]
    random.shuffle(order)
    const kept = Int32Array.from(order.slice(0, Math.max(2, Math.round(share * order.length))).flat()).sort()
    return pickUnits(sums, panel, kept)
  }
  return simulated(tried, 'data_subset', simulations, draw, spec.seed + 1)
}

/** Units that go together: those of a cluster, or each for itself. */
function blocksOf(firstTreated: Float64Array, clusters: Int32Array | undefined): number[][] {
  if (!clusters) return Array.from(firstTreated, (_, unit) => [unit])
  const blocks = new Map<number, number[]>()
  for (const [unit, cluster] of clusters.entries()) {
    const block = blocks.get(cluster)
    if (block) block.push(unit)
    else blocks.set(cluster, [unit])
  }
  return [...blocks.values()]
}

function simulated(
  { spec, estimator, original }: Tried,
  refuter: 'placebo_treatment' | 'data_subset',
  simulations: number,
  draw: (random: Random) => PanelView,
  seed: number,
): Found {
  const effects = Float64Array.from({ length: simulations }, (_, simulation) => {
    const effect = overallEffect(spec, estimator, draw(makeRandom(seed, simulation)))
    return isRefused(effect) ? Number.NaN : effect.estimate
  })
  const result = judgeRefuter(refuter, original, effects)
  if (isRefused(result)) return notEvaluated(result.refused)
  return {
    verdict: result.passes ? 'passes' : 'fails',
    message: result.verdict,
    ...{ newEffect: result.estimate, spread: result.stdError, pValue: result.pValue, simulations },
    diagnostics: { simulated_from: result.ciLower, simulated_to: result.ciUpper, refusals: result.refusals },
  }
}
