import { sortedQuantile } from '../experiment/quantile-effect.ts'
import { type InferenceOptions, waldInference } from '../inference.ts'
import { type Refusal, refuse } from '../refusal.ts'
import type { CausalEffect } from './effect.ts'
import type { Target, TreatedUnits } from './units.ts'

/** One stratum's difference. */
export interface Stratum {
  readonly stratum: number
  readonly nTreated: number
  readonly nControl: number
  readonly meanTreated: number
  readonly meanControl: number
  /** Its share of the target population. */
  readonly share: number
}

export interface StratifiedEffect extends CausalEffect {
  readonly strata: readonly Stratum[]
}

export interface StrataOptions {
  /** 5 if not given. */
  readonly count?: number
  /** Quantiles of these units only; of all if not given. */
  readonly among?: (unit: number) => boolean
  /** Which end of a stratum belongs to it: 'right' as in pandas' qcut, 'left' as in MatchIt; 'right' if not given. */
  readonly closed?: 'left' | 'right'
}

/**
 * Strata of about equal size by the quantiles of the propensity (R's type 7), numbered from 0.
 *
 * Source: Rosenbaum and Rubin (1984), who use fifths of all units; Ho, Imai, King, Stuart (2011), "MatchIt", those of the
 * target.
 */
export function propensityStrata(
  propensities: Float64Array,
  { count = 5, among, closed = 'right' }: StrataOptions = {},
): Int32Array {
  const sorted = (among ? propensities.filter((_, unit) => among(unit)) : propensities.slice()).sort()
  const limits = Array.from({ length: count - 1 }, (_, index) => sortedQuantile(sorted, (index + 1) / count))
  return Int32Array.from(propensities, (e) => {
    let stratum = 0
    while (stratum < limits.length && (e > limits[stratum]! || (closed === 'left' && e === limits[stratum]!)))
      stratum++
    return stratum
  })
}

/**
 * The mean of the differences within strata, weighted by how many of the target's units are in each.
 *
 * Inputs: units and the number of each one's stratum (0 or more): quantiles of the propensity, or cells of exact values.
 * The variance is Neyman's, Σ share²·(s₁²/n₁ + s₀²/n₀), with strata and their shares taken as given; the normal distribution is
 * the reference. Where an arm has one unit in a stratum, its variance is that within the arm's other strata, pooled. Refuses
 * a stratum of the target without units of both arms, and arms of which no stratum has two units.
 * Source: Cochran (1968), Biometrics 24; Imbens and Rubin (2015), "Causal inference", 17.5.
 */
export function stratifiedEffect(
  { treatment, outcome, n }: Pick<TreatedUnits, 'treatment' | 'outcome' | 'n'>,
  strata: Int32Array,
  { target = 'ate', ...options }: InferenceOptions & { readonly target?: Exclude<Target, 'ato'> } = {},
): StratifiedEffect | Refusal {
  const cells = cellsOf(treatment, outcome, strata)
  const inTarget = (cell: Cell): number =>
    target === 'att' ? cell.n[1] : target === 'atc' ? cell.n[0] : cell.n[0] + cell.n[1]
  const used = cells.filter((cell) => inTarget(cell) > 0)
  const total = used.reduce((sum, cell) => sum + inTarget(cell), 0)
  const pooled = [0, 1].map((arm) => pooledVariance(used, arm as 0 | 1)) as [number, number]
  let variance = 0
  const found: Stratum[] = []
  for (const cell of used) {
    const problem = problemOf(cell)
    if (problem) return problem
    const share = inTarget(cell) / total
    const spread = (arm: 0 | 1) =>
      (cell.n[arm] > 1 ? cell.squares[arm] / (cell.n[arm] - 1) : pooled[arm]) / cell.n[arm]
    variance += share * share * (spread(1) + spread(0))
    found.push({
      stratum: cell.stratum,
      nTreated: cell.n[1],
      nControl: cell.n[0],
      meanTreated: cell.mean[1],
      meanControl: cell.mean[0],
      share,
    })
  }
  const mean = (of: (stratum: Stratum) => number) =>
    found.reduce((sum, stratum) => sum + stratum.share * of(stratum), 0)
  const [meanTreated, meanControl] = [mean((s) => s.meanTreated), mean((s) => s.meanControl)]
  const result = waldInference(meanTreated - meanControl, Math.sqrt(variance), Infinity, options)
  if ('refused' in result) return result
  return {
    ...result,
    meanTreated,
    meanControl,
    strata: found,
    influence: influenceOf({ treatment, outcome, n }, strata, found),
  }
}

function problemOf({ stratum, n }: Cell): Refusal | undefined {
  for (const [arm, name] of [
    [1, 'treated'],
    [0, 'untreated'],
  ] as const) {
    if (n[arm] === 0) return refuse(`no overlap: stratum ${stratum} has no ${name} unit`)
  }
  return undefined
}

function pooledVariance(cells: readonly Cell[], arm: 0 | 1): number {
  const sum = (of: (cell: Cell) => number) => cells.reduce((all, cell) => all + of(cell), 0)
  return sum((cell) => cell.squares[arm]) / sum((cell) => Math.max(cell.n[arm] - 1, 0))
}

interface Cell {
  readonly stratum: number
  /** Of the untreated and of the treated. */
  readonly n: [number, number]
  readonly mean: [number, number]
  /** Sums of squared deviations. */
  readonly squares: [number, number]
}

/** By Welford's updates (1962), in the order of the strata's numbers. */
function cellsOf(treatment: Uint8Array, outcome: Float64Array, strata: Int32Array): Cell[] {
  const cells = new Map<number, Cell>()
  for (let unit = 0; unit < outcome.length; unit++) {
    const stratum = strata[unit]!
    let cell = cells.get(stratum)
    if (!cell) {
      cell = { stratum, n: [0, 0], mean: [0, 0], squares: [0, 0] }
      cells.set(stratum, cell)
    }
    const arm = treatment[unit] as 0 | 1
    const deviation = outcome[unit]! - cell.mean[arm]
    cell.mean[arm] += deviation / ++cell.n[arm]
    cell.squares[arm] += deviation * (outcome[unit]! - cell.mean[arm])
  }
  return [...cells.values()].sort((a, b) => a.stratum - b.stratum)
}

/** The shares taken as given, as in the variance. */
function influenceOf(
  { treatment, outcome, n }: Pick<TreatedUnits, 'treatment' | 'outcome' | 'n'>,
  strata: Int32Array,
  found: readonly Stratum[],
): Float64Array {
  const byNumber = new Map(found.map((stratum) => [stratum.stratum, stratum]))
  return Float64Array.from(outcome, (value, unit) => {
    const stratum = byNumber.get(strata[unit]!)
    if (!stratum) return 0
    return treatment[unit] === 1
      ? (n * stratum.share * (value - stratum.meanTreated)) / stratum.nTreated
      : (-n * stratum.share * (value - stratum.meanControl)) / stratum.nControl
  })
}
