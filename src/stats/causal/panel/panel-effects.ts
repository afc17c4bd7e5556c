import { type Inference, type InferenceOptions, waldInference } from '../../inference.ts'
import { isRefused, type Refusal, refuse } from '../../refusal.ts'
import { errorInFrame, tooFewClusters } from './influence-frame.ts'
import { never } from './panel.ts'
import { addInfluence, type Contrast, meanOver, type PanelMoments, pooledContrast } from './panel-moments.ts'

/*
 * Effects of a panel from its moments: what differs between means of groups and periods.
 */

/** The periods before anybody is treated, and those in which all treated units are. */
export interface BeforeAfter {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

export interface DifferenceOptions extends InferenceOptions {
  readonly anticipation?: number
}

/**
 * Difference in differences of two groups and two periods: treated units and those never treated, before anybody is treated and
 * after all treated ones are.
 *
 * The mean change of the treated less that of the others. Errors by the units' influence, or the clusters', with Student's t of
 * n − 2, as those of the regression on changes up to n/(n − 2) (HC0 times that). Source: Angrist and Pischke (2009), 5.2. Refuses a panel without a period of
 * either kind, without never treated units, and groups of fewer than 2.
 */
export function twoByTwoEffect(
  panel: PanelMoments,
  { anticipation = 0, ...options }: DifferenceOptions = {},
): Inference | Refusal {
  const times = beforeAndAfter(panel, anticipation)
  if (isRefused(times)) return times
  const change = changeOf(panel, times)
  return differenceOf(panel, change, change, options)
}

/**
 * Treated units and never treated ones compared in the periods in which all treated ones are: what a plain look at the data says.
 * Refuses what `twoByTwoEffect` does.
 */
export function afterDifference(panel: PanelMoments, options: DifferenceOptions = {}): Inference | Refusal {
  const times = beforeAndAfter(panel, options.anticipation ?? 0)
  if (isRefused(times)) return times
  const after = meanOver(panel.periods.length, (time) => times.after.includes(panel.periods[time]!))
  return differenceOf(panel, after, after, options)
}

/** Treated units compared with themselves before: what would be believed of them alone. Refuses panels without such periods. */
export function beforeAfterDifference(
  panel: PanelMoments,
  options: DifferenceOptions = {},
): Inference | Refusal {
  const times = beforeAndAfter(panel, options.anticipation ?? 0)
  if (isRefused(times)) return times
  return differenceOf(panel, changeOf(panel, times), null, options)
}

function differenceOf(
  panel: PanelMoments,
  ofTreated: readonly number[],
  ofControl: readonly number[] | null,
  { anticipation: _, ...options }: DifferenceOptions,
): Inference | Refusal {
  const isTreated = (first: number): boolean => first !== never && first <= panel.periods.at(-1)!
  const counted = (isIn: (first: number) => boolean): number =>
    panel.groups.reduce((sum, { firstTreated, units }) => sum + (isIn(firstTreated) ? units : 0), 0)
  const [treated, control] = [counted(isTreated), counted((first) => first === never)]
  if (treated < 2) return refuse(`too few units: ${treated} treated, and at least 2 are needed`)
  if (ofControl && control === 0) return refuse('no unit is never treated')
  if (ofControl && control < 2)
    return refuse(`too few units: ${control} never treated, and at least 2 are needed`)
  const own = pooledContrast(panel, isTreated, ofTreated)
  const others = ofControl && pooledContrast(panel, (first) => first === never, ofControl)
  if (!Number.isFinite(own.estimate) || (others && !Number.isFinite(others.estimate)))
    return refuse('a group is not seen in one of the periods')
  const influence = others
    ? own.influence.map((value, carrier) => value - others.influence[carrier]!)
    : own.influence
  const lack = panel.clusters && tooFewClusters(panel.clusters)
  if (lack) return lack
  const clusters = countOf(panel.clusters)
  const n = treated + (others ? control : 0)
  const groups = others ? 2 : 1
  const error = errorInFrame(panel, influence, panel.clusters)
  const stdError = clusters === null ? error * Math.sqrt(n / (n - groups)) : error
  const df = clusters === null ? n - groups : clusters - 1
  return waldInference(own.estimate - (others?.estimate ?? 0), stdError, df, options)
}

function countOf(clusters: Int32Array | undefined): number | null {
  return clusters ? clusters.reduce((most, cluster) => Math.max(most, cluster), -1) + 1 : null
}

function changeOf({ periods }: PanelMoments, { before, after }: BeforeAfter): number[] {
  const late = meanOver(periods.length, (time) => after.includes(periods[time]!))
  const early = meanOver(periods.length, (time) => before.includes(periods[time]!))
  return late.map((weight, time) => weight - early[time]!)
}

/** Which periods two by two compares; refuses where one kind is missing. */
export function beforeAndAfter(
  { periods, groups }: Pick<PanelMoments, 'periods' | 'groups'>,
  anticipation = 0,
): BeforeAfter | Refusal {
  const starts = groups.map(({ firstTreated }) => firstTreated).filter((first) => first <= periods.at(-1)!)
  if (starts.length === 0) return refuse('no unit is treated within the panel')
  const [first, last] = [Math.min(...starts), Math.max(...starts)]
  const before = periods.filter((period) => period < first - anticipation)
  const after = periods.filter((period) => period >= last)
  if (before.length === 0) return refuse('no period lies before all treatment')
  return { before, after }
}

/** Two-way fixed effects from moments. */
export interface TwoWayFromMoments extends Inference {
  /** As in `TwoWayEffect`: share of the treated weight that is negative. */
  readonly negativeWeightShare: number
}

const mostSweeps = 10_000
const smallestChange = 1e-13

/**
 * Two-way fixed effects of a panel's groups and periods: of a balanced panel the same number as with an intercept of each unit, and
 * the same errors (CR1 by unit or cluster, K = 1 + periods, G − 1 degrees of freedom); of others those of groups, whose rows are
 * independent samples.
 *
 * The weights are what groups and periods leave of the treatment; a unit's score is linear in its outcomes, so that moments
 * suffice. Source: Wooldridge (2021), "Two-way fixed effects, the two-way Mundlak regression, and difference-in-differences
 * estimators". Refuses a treatment that groups and periods determine, and one cluster.
 */
export function twoWayFromMoments(
  panel: PanelMoments,
  options: InferenceOptions = {},
): TwoWayFromMoments | Refusal {
  const { groups, periods, rows, isBalanced } = panel
  const weights = groups.map((group) => group.weights)
  const treatment = groups.map(({ firstTreated }) =>
    periods.map((period) => (period >= firstTreated ? 1 : 0)),
  )
  const left = swept(treatment, weights)
  const means = swept(
    groups.map((group) => group.means),
    weights,
  )
  if (left === null || means === null)
    return refuse('the means of groups and periods do not settle: they hardly overlap')
  const over = (of: (group: number, time: number) => number): number =>
    groups.reduce(
      (sum, _, group) =>
        sum + periods.reduce((own, __, time) => own + (weights[group]![time]! > 0 ? of(group, time) : 0), 0),
      0,
    )
  const squares = over((group, time) => weights[group]![time]! * left[group]![time]! ** 2)
  const all = over((group, time) => weights[group]![time]! * treatment[group]![time]!)
  if (!(squares > 1e-9 * all))
    return refuse('groups and periods determine the treatment: nobody changes apart from the others')
  const estimate =
    over((group, time) => weights[group]![time]! * left[group]![time]! * means[group]![time]!) / squares
  const influence = new Float64Array(panel.groupOf.length)
  for (const group of groups.keys()) {
    const seen = (time: number, value: number): number => (weights[group]![time]! > 0 ? value : 0)
    addInfluence(
      panel,
      group,
      periods.map((_, time) => seen(time, (weights[group]![time]! * left[group]![time]!) / squares)),
      periods.map((_, time) =>
        seen(time, (left[group]![time]! * (means[group]![time]! - estimate * left[group]![time]!)) / squares),
      ),
      influence,
    )
  }
  const clusters = countOf(panel.clusters) ?? groups.reduce((sum, { units }) => sum + units, 0)
  if (clusters < 2) return refuse(`errors need two clusters or more, and there is ${clusters}`)
  const k = 1 + periods.length + (isBalanced ? 0 : groups.length - 1)
  // With clusters at hand the error has G/(G − 1) already.
  const factor = (panel.clusters ? 1 : clusters / (clusters - 1)) * ((rows - 1) / (rows - k))
  const stdError = errorInFrame(panel, influence, panel.clusters) * Math.sqrt(factor)
  const result = waldInference(estimate, stdError, clusters - 1, options)
  if (isRefused(result)) return result
  const onTreated = (of: (value: number) => number): number =>
    over((group, time) =>
      treatment[group]![time] === 1 ? weights[group]![time]! * of(left[group]![time]!) : 0,
    )
  return { ...result, negativeWeightShare: onTreated((value) => Math.max(0, -value)) / onTreated(Math.abs) }
}

/** Values by group and period less the weighted means of either; null where these do not settle. */
function swept(
  values: readonly (readonly number[])[],
  weights: readonly (readonly number[])[],
): number[][] | null {
  const result = values.map((row, group) =>
    row.map((value, time) => (weights[group]![time]! > 0 ? value : 0)),
  )
  const scale = Math.max(...result.flat().map(Math.abs))
  const subtract = (cells: readonly (readonly [number, number])[]): number => {
    const total = cells.reduce((sum, [group, time]) => sum + weights[group]![time]!, 0)
    if (total === 0) return 0
    const mean = cells.reduce(
      (sum, [group, time]) => sum + (weights[group]![time]! / total) * result[group]![time]!,
      0,
    )
    for (const [group, time] of cells) if (weights[group]![time]! > 0) result[group]![time]! -= mean
    return Math.abs(mean)
  }
  const rowsOf = result.map((row, group) => row.map((_, time) => [group, time] as const))
  const columnsOf = (result[0] ?? []).map((_, time) => result.map((__, group) => [group, time] as const))
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    for (const cells of rowsOf) subtract(cells)
    if (!(Math.max(...columnsOf.map(subtract)) > smallestChange * scale)) return result
  }
  return null
}

/** The mean outcome of a group in a period, with its influence. */
export function levelInPeriod(panel: PanelMoments, group: number, period: number): Contrast {
  return pooledContrast(
    panel,
    (first) => first === group,
    panel.periods.map((one) => (one === period ? 1 : 0)),
  )
}
