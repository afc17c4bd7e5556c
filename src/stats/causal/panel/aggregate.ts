import { chiSquareSf } from '../../distributions/gamma.ts'
import { normalQuantile } from '../../distributions/normal.ts'
import { sortedQuantile } from '../../experiment/quantile-effect.ts'
import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { makeRandom } from '../../random/philox.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import { invertProducts } from '../../regression/solve-normal.ts'
import { quadraticForm } from '../../regression/symmetric-matrix.ts'
import type { GroupTimeEffect, GroupTimeEffects } from './group-time.ts'
import { type InfluenceFrame, sumsByCluster, tooFewClusters } from './influence-frame.ts'
import type { Contrast } from './panel-moments.ts'

/** How group-time effects are taken together. */
export type Aggregation =
  /** All after treatment, by the groups' sizes. */
  | 'simple'
  /** By group, each the mean over its periods. */
  | 'group'
  /** By period, over the groups treated by then. */
  | 'calendar'
  /** By time since treatment: the event study. */
  | 'event'

export interface AggregateOptions extends InferenceOptions {
  /** For 'event': only groups seen that many periods after treatment, so that all times speak of the same groups. */
  readonly balancedFor?: number
  /** Of each unit, from 0 on: units of one cluster move together. */
  readonly clusters?: Int32Array
  readonly bootstrap?: MultiplierOptions
}

export interface MultiplierOptions {
  /** Draws; 1000 if not given. */
  readonly draws?: number
  readonly seed?: number
}

/** The effect of one group, period, or time since treatment. */
export interface AggregatedEffect extends Inference {
  /** The group's first treated period, the period, or the periods since treatment. */
  readonly at: number
}

export interface AggregatedEffects {
  readonly overall: Inference
  readonly effects: readonly AggregatedEffect[]
  /** Critical value of bands that hold all effects at once, and so wider than the intervals'; with a bootstrap only. */
  readonly bandCriticalValue?: number
}

/** An effect made of cells, with its influence. */
interface Combination extends Contrast {
  readonly at: number
}

/**
 * Group-time effects taken together, the groups' sizes being estimated too.
 *
 * Overall: 'simple' weighs cells by group size; 'group' weighs groups by size; 'calendar' and 'event' take the plain mean over
 * periods, and over times since treatment from 0 on. Errors by influence functions, or where a bootstrap is asked for by
 * the multiplier bootstrap: Mammen's (1993) two-point draws per unit or cluster (normal ones where only sums over units are
 * known), the spread from the quartiles. Source:
 * Callaway and Sant'Anna (2021), section 3 and algorithm 1; R's `did`, aggte. Refuses what has no period after treatment.
 */
export function aggregateEffects(
  found: GroupTimeEffects,
  aggregation: Aggregation,
  options: AggregateOptions = {},
): AggregatedEffects | Refusal {
  const { clusters, bootstrap, balancedFor, ...inference } = options
  const lack = clusters && tooFewClusters(clusters)
  if (lack) return lack
  const parts = partsOf(found, aggregation, balancedFor)
  if (parts.length === 0) return refuse('no period after treatment was estimated')
  const counted = aggregation === 'event' ? parts.filter(({ at }) => at >= 0) : parts
  if (counted.length === 0) return refuse('no period after treatment was estimated')
  const overall =
    aggregation === 'simple'
      ? parts[0]!
      : aggregation === 'group'
        ? acrossGroups(found, parts)
        : plainMean(counted)
  const all = aggregation === 'simple' ? [overall] : [overall, ...parts]
  const errors = errorsOf(
    found.panel,
    all.map(({ influence }) => influence),
    clusters,
    bootstrap,
    inference.ciLevel ?? 0.95,
  )
  const results = all.map(({ estimate }, index) =>
    waldInference(estimate, errors.stdErrors[index]!, Infinity, inference),
  )
  if (isRefused(results[0]!)) return results[0]!
  const effects = (aggregation === 'simple' ? [] : parts).map(({ at, estimate }, index) => {
    const result = results[index + 1]!
    return { at, ...(isRefused(result) ? withoutError(estimate) : result) }
  })
  return {
    overall: results[0]!,
    effects,
    ...(errors.critical !== undefined && { bandCriticalValue: errors.critical }),
  }
}

/** The base period of a universal base: 0 by definition. */
function withoutError(estimate: number): Inference {
  const none = Number.NaN
  return {
    estimate,
    ...{ stdError: none, ciLower: none, ciUpper: none, ciLevel: none },
    ...{ pValue: none, statistic: none, degreesOfFreedom: none },
  }
}

function partsOf(found: GroupTimeEffects, aggregation: Aggregation, balancedFor?: number): Combination[] {
  const post = found.effects.filter(({ isPost }) => isPost)
  switch (aggregation) {
    case 'simple':
      return post.length > 0 ? [combine(found, 0, post)] : []
    case 'group':
      return keysOf(post, ({ group }) => group).map((group) => ({
        ...plainMean(post.filter((effect) => effect.group === group)),
        at: group,
      }))
    case 'calendar':
      return keysOf(post, ({ period }) => period).map((period) =>
        combine(
          found,
          period,
          post.filter((effect) => effect.period === period),
        ),
      )
    case 'event': {
      const since = ({ period, group }: GroupTimeEffect) => period - group
      const last = found.panel.periods.length - 1
      const place = (time: number) => found.panel.periods.indexOf(time)
      const kept = found.effects.filter(
        ({ group }) => balancedFor === undefined || last - place(group) >= balancedFor,
      )
      return keysOf(kept, since).flatMap((at) => {
        if (balancedFor !== undefined && at > balancedFor) return []
        return [
          combine(
            found,
            at,
            kept.filter((effect) => since(effect) === at),
          ),
        ]
      })
    }
  }
}

function keysOf(effects: readonly GroupTimeEffect[], key: (effect: GroupTimeEffect) => number): number[] {
  return [...new Set(effects.map(key))].sort((a, b) => a - b)
}

/** A number of a group, as an effect in one period is. */
type OfGroup = Contrast & Pick<GroupTimeEffect, 'group'>

/** The mean of cells by the sizes of their groups, whose uncertainty is counted in. */
function combine(found: GroupTimeEffects, at: number, cells: readonly OfGroup[]): Combination {
  const shares = cells.map(({ group }) => found.shares.get(group)!)
  const total = shares.reduce((sum, share) => sum + share, 0)
  const estimate = cells.reduce((sum, cell, index) => sum + (shares[index]! / total) * cell.estimate, 0)
  const { firstTreated, constant } = found.panel
  const influence = new Float64Array(firstTreated.length)
  for (const [index, cell] of cells.entries()) {
    const weight = shares[index]! / total
    for (let unit = 0; unit < influence.length; unit++) {
      const isIn = firstTreated[unit] === cell.group ? 1 : 0
      influence[unit]! +=
        weight * cell.influence[unit]! +
        (((isIn - shares[index]!) * (constant?.[unit] ?? 1)) / total) * (cell.estimate - estimate)
    }
  }
  return { at, estimate, influence }
}

function plainMean(
  cells: readonly { readonly estimate: number; readonly influence: Float64Array }[],
): Combination {
  const influence = new Float64Array(cells[0]!.influence.length)
  let estimate = 0
  for (const cell of cells) {
    estimate += cell.estimate / cells.length
    for (let unit = 0; unit < influence.length; unit++)
      influence[unit]! += cell.influence[unit]! / cells.length
  }
  return { at: 0, estimate, influence }
}

function acrossGroups(found: GroupTimeEffects, parts: readonly Combination[]): Combination {
  const cells = parts.map(({ at, estimate, influence }) => ({ group: at, estimate, influence }))
  return combine(found, 0, cells)
}

/**
 * The effect after treatment as a share of what would have been without: of each cell's group its mean in that period, less the
 * effect. The error by the delta method. `levelOf` gives the mean of a group in a period with its influence.
 */
export function relativeEffect(
  found: GroupTimeEffects,
  levelOf: (group: number, period: number) => Contrast,
  options: Omit<AggregateOptions, 'balancedFor'> = {},
): Inference | Refusal {
  const { clusters, bootstrap, ...inference } = options
  const post = found.effects.filter(({ isPost }) => isPost)
  if (post.length === 0) return refuse('no period after treatment was estimated')
  const effect = combine(found, 0, post)
  const level = combine(
    found,
    0,
    post.map(({ group, period }) => ({ group, ...levelOf(group, period) })),
  )
  const without = level.estimate - effect.estimate
  if (!(without > 0)) return refuse('without treatment the mean outcome would not be above 0')
  const influence = effect.influence.map(
    (value, unit) =>
      (value * level.estimate - level.influence[unit]! * effect.estimate) / (without * without),
  )
  const { stdErrors } = errorsOf(found.panel, [influence], clusters, bootstrap, inference.ciLevel ?? 0.95)
  return waldInference(effect.estimate / without, stdErrors[0]!, Infinity, inference)
}

interface Errors {
  readonly stdErrors: readonly number[]
  readonly critical?: number
}

function errorsOf(
  { units: n, isOfSums = false }: InfluenceFrame,
  influences: readonly Float64Array[],
  clusters: Int32Array | undefined,
  bootstrap: MultiplierOptions | undefined,
  ciLevel: number,
): Errors {
  const sums = clusters ? influences.map((influence) => sumsByCluster(influence, clusters)) : influences
  if (bootstrap) return multiplierErrors(sums, n, bootstrap, ciLevel, isOfSums)
  const count = sums[0]!.length
  const factor = clusters ? count / (count - 1) : 1
  return {
    stdErrors: sums.map((values) => Math.sqrt(factor * values.reduce((sum, v) => sum + v * v, 0)) / n),
  }
}

/** Mammen's two points: mean 0, variance 1, third moment 1. */
const lowPoint = (1 - Math.sqrt(5)) / 2
const highPoint = (1 + Math.sqrt(5)) / 2
const lowShare = (Math.sqrt(5) + 1) / (2 * Math.sqrt(5))

function multiplierErrors(
  sums: readonly Float64Array[],
  n: number,
  { draws = 1000, seed = 1 }: MultiplierOptions,
  ciLevel: number,
  isOfSums: boolean,
): Errors {
  const replicates = sums.map(() => new Float64Array(draws))
  const random = makeRandom(seed)
  const multipliers = new Float64Array(sums[0]!.length)
  for (let draw = 0; draw < draws; draw++) {
    for (let unit = 0; unit < multipliers.length; unit++)
      multipliers[unit] = isOfSums ? random.normal() : random.bernoulli(lowShare) ? lowPoint : highPoint
    for (const [index, values] of sums.entries()) {
      let sum = 0
      for (let unit = 0; unit < values.length; unit++) sum += multipliers[unit]! * values[unit]!
      replicates[index]![draw] = sum / n
    }
  }
  const quartiles = normalQuantile(0.75) - normalQuantile(0.25)
  const stdErrors = replicates.map((values) => {
    const sorted = values.toSorted()
    return (sortedQuantile(sorted, 0.75) - sortedQuantile(sorted, 0.25)) / quartiles
  })
  const largest = new Float64Array(draws)
  // The overall effect stands first and has an interval of its own.
  for (let index = sums.length > 1 ? 1 : 0; index < sums.length; index++) {
    if (!(stdErrors[index]! > 0)) continue
    for (let draw = 0; draw < draws; draw++)
      largest[draw] = Math.max(largest[draw]!, Math.abs(replicates[index]![draw]!) / stdErrors[index]!)
  }
  return { stdErrors, critical: sortedQuantile(largest.sort(), ciLevel) }
}

/** Whether groups moved alike before treatment. */
export interface PreTrendTest {
  /** Wald's statistic of all effects before treatment. */
  readonly statistic: number
  readonly degreesOfFreedom: number
  readonly pValue: number
}

/**
 * Wald's test that all group-time effects before treatment are 0: where it rejects, the trends were not parallel.
 *
 * That it does not reject shows little: it may lack power (Roth 2022). Source: Callaway and Sant'Anna (2021), section 4.3,
 * as R's `did`. Refuses where nothing was seen before treatment, and effects that say the same.
 */
export function preTrendTest(
  { effects, panel, anticipation = 0 }: GroupTimeEffects,
  clusters?: Int32Array,
): PreTrendTest | Refusal {
  // Where treatment may work already, an effect says nothing of the trends.
  const before = effects.filter(
    ({ isPost, nTreated, group, period }) => !isPost && nTreated > 0 && period < group - anticipation,
  )
  if (before.length === 0) return refuse('no period before treatment can be compared')
  const sums = before.map(({ influence }) => (clusters ? sumsByCluster(influence, clusters) : influence))
  const count = sums[0]!.length
  if (clusters && count <= before.length)
    return refuse(`${count} clusters cannot tell ${before.length} effects before treatment apart`)
  const factor = clusters ? count / (count - 1) : 1
  const products = sums.map((a) =>
    sums.map((b) => {
      let sum = 0
      for (let unit = 0; unit < count; unit++) sum += a[unit]! * b[unit]!
      return (factor * sum) / panel.units ** 2
    }),
  )
  const inverse = invertProducts(products)
  if ('collinear' in inverse) return refuse('the effects before treatment say the same of one another')
  const statistic = quadraticForm(
    inverse,
    before.map(({ estimate }) => estimate),
  )
  return {
    statistic,
    degreesOfFreedom: before.length,
    pValue: chiSquareSf(statistic, before.length),
  }
}
