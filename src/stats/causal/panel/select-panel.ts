import { never, type Panel } from './panel.ts'
import { momentsFromSums, type PanelMoments, type PanelSums } from './panel-moments.ts'

/*
 * Parts of panels: some of their periods, groups or units, some of them said to be treated at another time.
 */

/** The first so many periods, each group first treated when `startOf` says. */
export function firstPeriods(
  moments: PanelMoments,
  count: number,
  startOf: (firstTreated: number) => number,
): PanelMoments {
  const groups = moments.groups.map(({ firstTreated, units, weights, means }) => ({
    ...{ firstTreated: startOf(firstTreated), units },
    ...{ weights: weights.slice(0, count), means: means.slice(0, count) },
  }))
  const sizes = moments.sizes.slice(0, count)
  const rows = groups.reduce((sum, { weights }) => sum + weights.reduce((all, weight) => all + weight, 0), 0)
  return withFrame({
    ...moments,
    ...{ groups, sizes, periods: moments.periods.slice(0, count) },
    deviations: moments.deviations.slice(0, count),
    firstTreated: moments.firstTreated.map(startOf),
    rows: moments.isBalanced ? rows : Math.round((moments.rows * count) / moments.periods.length),
  })
}

/** The panel without one group. */
export function withoutGroup(moments: PanelMoments, firstTreated: number): PanelMoments {
  const kept = [...moments.groupOf.keys()].filter((carrier) => moments.firstTreated[carrier] !== firstTreated)
  const places = moments.groups.flatMap((group, place) =>
    group.firstTreated === firstTreated ? [] : [place],
  )
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (carrier) => values[carrier]!)
  const groups = places.map((place) => moments.groups[place]!)
  const share =
    groups.reduce((sum, { units }) => sum + units, 0) /
    moments.groups.reduce((sum, { units }) => sum + units, 0)
  return withFrame({
    ...moments,
    groups,
    groupOf: Int32Array.from(kept, (carrier) => places.indexOf(moments.groupOf[carrier]!)),
    firstTreated: pick(moments.firstTreated),
    deviations: moments.deviations.map(pick),
    sizes: moments.sizes.map(pick),
    rows: Math.round(moments.rows * share),
    ...(moments.clusters && { clusters: recoded(kept.map((carrier) => moments.clusters![carrier]!)) }),
  })
}

/** Some of the units, first treated when `startOf` says; with their panel where there is one. */
export function pickUnits(
  sums: PanelSums,
  panel: Panel | null,
  kept: Int32Array,
  startOf: (unit: number) => number = (unit) => sums.firstTreated[unit]!,
): { readonly sums: PanelSums; readonly moments: PanelMoments; readonly panel: Panel | null } {
  const width = sums.periods.length
  const wide = (values: Float64Array): Float64Array => {
    const picked = new Float64Array(kept.length * width)
    for (const [place, unit] of kept.entries())
      picked.set(values.subarray(unit * width, (unit + 1) * width), place * width)
    return picked
  }
  const firstTreated = Float64Array.from(kept, startOf)
  const own: PanelSums = {
    ...{ periods: sums.periods, firstTreated, weights: wide(sums.weights), sums: wide(sums.sums) },
    rows: Math.round((sums.rows * kept.length) / sums.firstTreated.length),
    isBalanced: sums.isBalanced,
    ...(sums.clusters && { clusters: recoded(Array.from(kept, (unit) => sums.clusters![unit]!)) }),
  }
  return {
    sums: own,
    moments: momentsFromSums(own),
    panel: panel && {
      ...{ units: kept.length, periods: panel.periods, firstTreated, outcome: own.sums },
      covariates: panel.covariates.map((values) => Float64Array.from(kept, (unit) => values[unit]!)),
    },
  }
}

/** The first so many periods of a panel. */
export function firstPeriodsOf(
  panel: Panel,
  count: number,
  startOf: (firstTreated: number) => number,
): Panel {
  const width = panel.periods.length
  return {
    ...panel,
    periods: panel.periods.slice(0, count),
    firstTreated: panel.firstTreated.map(startOf),
    outcome: Float64Array.from(
      { length: panel.units * count },
      (_, cell) => panel.outcome[Math.floor(cell / count) * width + (cell % count)]!,
    ),
  }
}

/** A panel without one group. */
export function withoutGroupOf(panel: Panel, firstTreated: number): Panel {
  const kept = [...panel.firstTreated.keys()].filter((unit) => panel.firstTreated[unit] !== firstTreated)
  const width = panel.periods.length
  return {
    ...{ units: kept.length, periods: panel.periods },
    firstTreated: Float64Array.from(kept, (unit) => panel.firstTreated[unit]!),
    outcome: Float64Array.from(
      { length: kept.length * width },
      (_, cell) => panel.outcome[kept[Math.floor(cell / width)]! * width + (cell % width)]!,
    ),
    covariates: panel.covariates.map((values) => Float64Array.from(kept, (unit) => values[unit]!)),
  }
}

/** The shares and weights of what has changed; groups of one start count as one. */
function withFrame(moments: PanelMoments): PanelMoments {
  const weightOf = (weights: readonly number[]): number => weights.reduce((sum, weight) => sum + weight, 0)
  const units = moments.groups.reduce((sum, { weights }) => sum + weightOf(weights), 0)
  const shares = new Map<number, number>()
  for (const { firstTreated, weights } of moments.groups)
    shares.set(firstTreated, (shares.get(firstTreated) ?? 0) + weightOf(weights) / units)
  const constant = new Float64Array(moments.groupOf.length)
  for (const size of moments.sizes)
    for (let carrier = 0; carrier < constant.length; carrier++) constant[carrier]! += size[carrier]!
  return { ...moments, units, shares, constant }
}

/** Clusters numbered from 0 on without gaps. */
function recoded(clusters: readonly number[]): Int32Array {
  const places = new Map<number, number>()
  return Int32Array.from(clusters, (cluster) => {
    const place = places.get(cluster) ?? places.size
    places.set(cluster, place)
    return place
  })
}

/** Where treatment is said to have begun in the middle of the periods before all of it; `never` stays. */
export function placeboStart(periods: readonly number[]): (firstTreated: number) => number {
  const start = periods[Math.ceil(periods.length / 2)]!
  return (firstTreated) => (firstTreated === never ? never : start)
}
