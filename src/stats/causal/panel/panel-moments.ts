import { applyToSpectrum, dot, type Rows } from '../../regression/symmetric-matrix.ts'
import type { InfluenceFrame } from './influence-frame.ts'

/*
 * A panel as the means of its groups by period, and what moves them. Whatever compares nothing but such means needs no more:
 * the means and one matrix of products for each group say as much of estimates and errors as all rows do.
 */

/** Units that are first treated together. */
export interface PanelGroup {
  /** `never` (Infinity) for those who are not treated. */
  readonly firstTreated: number
  readonly units: number
  /** Of each period: the weight of its rows, their number where they weigh alike. */
  readonly weights: readonly number[]
  /** Weighted means of the outcome by period; NaN where nothing was seen. */
  readonly means: readonly number[]
}

/**
 * Means by group and period with what moves them, carrier by carrier. A carrier is a unit, a cluster within a group, or a
 * direction in which the units of a group differ: of all that is summed over units only products matter, and carriers keep them.
 */
export interface PanelMoments extends InfluenceFrame {
  readonly groups: readonly PanelGroup[]
  /** Rows that the means are made of. */
  readonly rows: number
  /** Whether every unit is seen once in every period, all weighing alike. */
  readonly isBalanced: boolean
  /** Of each carrier: its group's place. */
  readonly groupOf: Int32Array
  /**
   * Of the first period: each carrier's share in its group's mean. Of the later ones: the same less that of the first, so that
   * levels, which may be large, fall out of changes before anything is multiplied.
   */
  readonly deviations: readonly Float64Array[]
  /** Of each period: each carrier's weight. */
  readonly sizes: readonly Float64Array[]
  /** Of each carrier, where several share a cluster. */
  readonly clusters?: Int32Array
}

/** What units, or clusters within a group, come to period by period. */
export interface PanelSums {
  readonly periods: readonly number[]
  readonly firstTreated: Float64Array
  /** Units that each row stands for; one if not given. */
  readonly unitsOf?: ArrayLike<number>
  /** Period by period of the first, then of the second, and so on: weight of the rows, 0 where not seen. */
  readonly weights: Float64Array
  /** Their weighted sums of outcomes. */
  readonly sums: Float64Array
  readonly clusters?: Int32Array
  readonly rows: number
  readonly isBalanced: boolean
}

/** The moments of a panel whose units are at hand. */
export function momentsFromSums({ periods, firstTreated, weights, sums, ...rest }: PanelSums): PanelMoments {
  const [carriers, width] = [firstTreated.length, periods.length]
  const starts = [...new Set(firstTreated)].sort((a, b) => a - b)
  const places = new Map(starts.map((start, place) => [start, place]))
  const groupOf = Int32Array.from(firstTreated, (start) => places.get(start)!)
  const total = starts.map(() => new Float64Array(width))
  const means = starts.map(() => new Float64Array(width))
  const units = starts.map(() => 0)
  for (let carrier = 0; carrier < carriers; carrier++) {
    const group = groupOf[carrier]!
    units[group]! += rest.unitsOf?.[carrier] ?? 1
    for (let time = 0; time < width; time++) {
      const weight = weights[carrier * width + time]!
      if (weight === 0) continue
      total[group]![time]! += weight
      // The running mean, which large levels do not spoil.
      const mean = sums[carrier * width + time]! / weight
      means[group]![time]! += (weight / total[group]![time]!) * (mean - means[group]![time]!)
    }
  }
  const own = (carrier: number, time: number): number => {
    const group = groupOf[carrier]!
    const weight = weights[carrier * width + time]!
    if (weight === 0) return 0
    return (sums[carrier * width + time]! - means[group]![time]! * weight) / total[group]![time]!
  }
  const deviations = periods.map((_, time) =>
    Float64Array.from({ length: carriers }, (__, carrier) =>
      time === 0 ? own(carrier, 0) : own(carrier, time) - own(carrier, 0),
    ),
  )
  const sizes = periods.map((_, time) =>
    Float64Array.from({ length: carriers }, (__, carrier) => weights[carrier * width + time]!),
  )
  const groups = starts.map((start, group) => ({
    firstTreated: start,
    units: units[group]!,
    weights: [...total[group]!],
    means: Array.from(means[group]!, (mean, time) => (total[group]![time] === 0 ? Number.NaN : mean)),
  }))
  return {
    ...{ periods, groups, groupOf, deviations, sizes, firstTreated },
    ...{ rows: rest.rows, isBalanced: rest.isBalanced, ...frameOf(groups, sizes) },
    ...(rest.clusters && { clusters: rest.clusters }),
  }
}

/** A group with the products of what its units add to it. */
export interface GroupProducts extends PanelGroup {
  /**
   * Sums over units of products of their deviations, as in `deviations`, and then of their weights: of each period, or of all
   * together where every unit weighs alike in all of them.
   */
  readonly products: Rows
}

/** The moments of a panel from sums alone: each group's units become as many carriers as its products have rows. */
export function momentsFromProducts({
  periods,
  groups,
  rows,
  isBalanced,
}: {
  readonly periods: readonly number[]
  readonly groups: readonly GroupProducts[]
  readonly rows: number
  readonly isBalanced: boolean
}): PanelMoments {
  const width = periods.length
  const blocks = groups.map(({ products }) => rootOf(products))
  const carriers = blocks.reduce((sum, block) => sum + block.length, 0)
  const column = (variable: number): Float64Array =>
    Float64Array.from(blocks.flatMap((block) => block.map((row) => row[variable]!)))
  const deviations = periods.map((_, time) => column(time))
  const sizes = periods.map((_, time) => column(isBalanced ? width : width + time))
  return {
    ...{ periods, rows, isBalanced, deviations, sizes },
    groups: groups.map(({ products: _, ...group }) => group),
    groupOf: Int32Array.from(blocks.flatMap((block, group) => block.map(() => group))),
    firstTreated: Float64Array.from(
      { length: carriers },
      (
        (starts) => (_, carrier) =>
          starts[carrier]!
      )(blocks.flatMap((block, group) => block.map(() => groups[group]!.firstTreated))),
    ),
    isOfSums: true,
    ...frameOf(groups, sizes),
  }
}

/** The whole weight, and how each carrier counts in it. */
function frameOf(
  groups: readonly PanelGroup[],
  sizes: readonly Float64Array[],
): Pick<InfluenceFrame, 'units' | 'constant' | 'shares'> {
  const weightOf = ({ weights }: PanelGroup): number => weights.reduce((sum, weight) => sum + weight, 0)
  const units = groups.reduce((sum, group) => sum + weightOf(group), 0)
  const constant = new Float64Array(sizes[0]!.length)
  for (const size of sizes) for (const [carrier, weight] of size.entries()) constant[carrier]! += weight
  const shares = new Map(groups.map((group) => [group.firstTreated, weightOf(group) / units]))
  return { units, constant, shares }
}

/** A symmetric root, the variables brought to one length first so that none is lost beside another. */
function rootOf(products: Rows): number[][] {
  const lengths = products.map((row, index) => Math.sqrt(Math.max(row[index]!, 0)))
  const scaled = products.map((row, i) =>
    row.map((value, j) => (value === 0 ? 0 : value / (lengths[i]! * lengths[j]!))),
  )
  const root = applyToSpectrum(scaled, (eigenvalue) => Math.sqrt(Math.max(eigenvalue, 0)))
  return root.map((row) => row.map((value, j) => value * lengths[j]!))
}

/** A number made of a panel, and how much each carrier moves it. */
export interface Contrast {
  readonly estimate: number
  readonly influence: Float64Array
}

/**
 * A weighted sum over periods of the mean outcome of some groups taken together; NaN where one of the periods was not seen.
 * Which units a period has may be chance as well: that is in the influence.
 */
export function pooledContrast(
  panel: PanelMoments,
  isIn: (firstTreated: number) => boolean,
  coefficients: readonly number[],
): Contrast {
  const chosen = panel.groups.map(({ firstTreated }) => isIn(firstTreated))
  const own = panel.groups.filter((_, group) => chosen[group])
  const used = coefficients.flatMap((coefficient, time) => (coefficient === 0 ? [] : [time]))
  const totals = new Map(
    used.map((time) => [time, own.reduce((sum, { weights }) => sum + weights[time]!, 0)]),
  )
  const means = new Map(
    used.map((time) => [
      time,
      own.reduce(
        (sum, { weights, means: of }) =>
          weights[time] === 0 ? sum : sum + (weights[time]! / totals.get(time)!) * of[time]!,
        0,
      ),
    ]),
  )
  const estimate = used.reduce(
    (sum, time) => sum + (totals.get(time) === 0 ? Number.NaN : coefficients[time]! * means.get(time)!),
    0,
  )
  const influence = new Float64Array(panel.groupOf.length)
  for (const [group, { weights, means: of }] of panel.groups.entries()) {
    if (!chosen[group]) continue
    const byMean = panel.periods.map((_, time) =>
      used.includes(time) && weights[time]! > 0
        ? (coefficients[time]! * weights[time]!) / totals.get(time)!
        : 0,
    )
    const bySize = panel.periods.map((_, time) =>
      used.includes(time) && weights[time]! > 0
        ? (coefficients[time]! * (of[time]! - means.get(time)!)) / totals.get(time)!
        : 0,
    )
    addInfluence(panel, group, byMean, bySize, influence)
  }
  return { estimate, influence }
}

/** Adds how much the carriers of a group move a number, given how far its means and weights by period do. */
export function addInfluence(
  { units, groupOf, deviations, sizes }: PanelMoments,
  group: number,
  byMean: readonly number[],
  bySize: readonly number[],
  influence: Float64Array,
): void {
  const level = sumOf(byMean)
  for (let carrier = 0; carrier < groupOf.length; carrier++) {
    if (groupOf[carrier] !== group) continue
    let sum = level === 0 ? 0 : level * deviations[0]![carrier]!
    for (let time = 0; time < byMean.length; time++) {
      if (time > 0 && byMean[time] !== 0) sum += byMean[time]! * deviations[time]![carrier]!
      if (bySize[time] !== 0) sum += bySize[time]! * sizes[time]![carrier]!
    }
    influence[carrier]! += units * sum
  }
}

/** The sum, 0 where nothing but rounding is left of it. */
function sumOf(values: readonly number[]): number {
  const sum = values.reduce((all, value) => all + value, 0)
  const size = values.reduce((all, value) => all + Math.abs(value), 0)
  return Math.abs(sum) <= 1e-12 * size ? 0 : sum
}

/** The mean of some periods. */
export function meanOver(periods: number, isIn: (time: number) => boolean): number[] {
  const chosen = Array.from({ length: periods }, (_, time) => (isIn(time) ? 1 : 0))
  const count = dot(chosen, chosen)
  return chosen.map((value) => (value === 0 ? 0 : value / count))
}
