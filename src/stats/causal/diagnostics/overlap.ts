import { sortedQuantile } from '../../experiment/quantile-effect.ts'
import type { Target } from '../units.ts'
import { balancingWeight, effectiveSampleSize } from '../weighting.ts'

/** The propensities of one arm and what weighting leaves of it. */
export interface ArmOverlap {
  readonly n: number
  readonly smallest: number
  readonly largest: number
  /** At 1, 5, 25, 50, 75, 95 and 99 % (R's type 7). */
  readonly quantiles: readonly number[]
  /** Units in each of the equal bins from 0 to 1. */
  readonly histogram: readonly number[]
  /** The number of equally weighted units that know as much (Kish 1965). */
  readonly effectiveSampleSize: number
  /** Share of the arm's weight that its heaviest unit has. */
  readonly heaviestShare: number
}

export interface Overlap {
  readonly treated: ArmOverlap
  readonly control: ArmOverlap
  /** From the larger of the two smallest propensities to the smaller of the two largest: where both kinds occur. */
  readonly commonSupport: readonly [lower: number, upper: number]
  /** Share of the target's units outside of it. */
  readonly outsideShare: number
  /** Share of the target's units that have next to no counterpart: propensity below or above the extremes. */
  readonly extremeShare: number
}

export const overlapQuantiles: readonly number[] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]

/** When overlap is too poor to give a number; all inclusive. */
export interface OverlapLimits {
  /** Propensities below this and above 1 − this are extreme. */
  readonly extreme: number
  /** Most of the target's units that may be extreme. */
  readonly extremeShare: number
  /** Least part of an arm that weighting may leave. */
  readonly effectiveShare: number
  /** Most of an arm's weight that one unit may have. */
  readonly heaviestShare: number
}

/** Limits that hold where none are stated. */
export const defaultOverlapLimits: OverlapLimits = {
  extreme: 0.01,
  extremeShare: 0.05,
  effectiveShare: 0.1,
  heaviestShare: 0.25,
}

const histogramBins = 20

/**
 * How far the propensities of the treated and of the others cover the same range, for a target.
 *
 * Inputs: n propensities, 1 where treated. For the effect on the treated only propensities near 1 are extreme, for that
 * on the others only those near 0; overlap weights have none. Source: Crump, Hotz, Imbens, Mitnik (2009); Kish (1965).
 */
export function overlapOf(
  propensities: Float64Array,
  treatment: Uint8Array,
  target: Target = 'ate',
  { extreme }: Pick<OverlapLimits, 'extreme'> = defaultOverlapLimits,
): Overlap {
  const treated = armOverlap(propensities, treatment, 1, target)
  const control = armOverlap(propensities, treatment, 0, target)
  const lower = Math.max(treated.smallest, control.smallest)
  const upper = Math.min(treated.largest, control.largest)
  let [total, outside, lost] = [0, 0, 0]
  for (let unit = 0; unit < propensities.length; unit++) {
    const e = propensities[unit]!
    if ((target === 'att' && treatment[unit] === 0) || (target === 'atc' && treatment[unit] === 1)) continue
    total++
    if (e < lower || e > upper) outside++
    const isLow = e < extreme && target !== 'att'
    const isHigh = e > 1 - extreme && target !== 'atc'
    if (target !== 'ato' && (isLow || isHigh)) lost++
  }
  return {
    treated,
    control,
    commonSupport: [lower, upper],
    outsideShare: outside / total,
    extremeShare: lost / total,
  }
}

function armOverlap(
  propensities: Float64Array,
  treatment: Uint8Array,
  arm: 0 | 1,
  target: Target,
): ArmOverlap {
  const own = propensities.filter((_, unit) => treatment[unit] === arm).sort()
  const weights = own.map((e) => balancingWeight(target, arm === 1, e).weight)
  const histogram = new Array<number>(histogramBins).fill(0)
  for (const e of own) histogram[Math.min(Math.floor(e * histogramBins), histogramBins - 1)]!++
  let [sum, heaviest] = [0, 0]
  for (const weight of weights) {
    sum += weight
    if (weight > heaviest) heaviest = weight
  }
  return {
    n: own.length,
    smallest: own[0] ?? Number.NaN,
    largest: own.at(-1) ?? Number.NaN,
    quantiles: overlapQuantiles.map((share) => sortedQuantile(own, share)),
    histogram,
    effectiveSampleSize: effectiveSampleSize(weights),
    heaviestShare: heaviest / sum,
  }
}

/** Why overlap does not allow an effect, and for whom it does. */
export interface OverlapRefusal {
  readonly refused: string
  /** Targets, as they stand, that the same propensities allow. */
  readonly possible: readonly Target[]
}

const targetNames: Record<Target, string> = {
  ate: 'the effect on all units (ATE)',
  att: 'the effect on the treated (ATT)',
  atc: 'the effect on the untreated (ATC)',
  ato: 'the effect where both are likely (overlap weights)',
}

/**
 * Whether the propensities allow an effect on a target; otherwise why not, and what can be asked instead.
 *
 * An effect is refused when too many of the target's units have no counterpart, when weighting leaves too little of an
 * arm, or when one unit decides; the limits are ours, since the literature gives none.
 */
export function checkOverlap(
  propensities: Float64Array,
  treatment: Uint8Array,
  target: Target = 'ate',
  limits: OverlapLimits = defaultOverlapLimits,
): Overlap | OverlapRefusal {
  const overlap = overlapOf(propensities, treatment, target, limits)
  const problem = problemOf(overlap, target, limits)
  if (problem === undefined) return overlap
  const possible = (['ate', 'att', 'atc', 'ato'] as const).filter(
    (other) =>
      other !== target &&
      problemOf(overlapOf(propensities, treatment, other, limits), other, limits) === undefined,
  )
  const instead = possible.map((other) => targetNames[other])
  const offer =
    instead.length > 0
      ? `; ask for ${[...instead, 'trimmed units'].join(', or ')}`
      : '; ask for trimmed units, or for units that are more alike'
  return { refused: `no overlap for ${targetNames[target]}: ${problem}${offer}`, possible }
}

function problemOf(overlap: Overlap, target: Target, limits: OverlapLimits): string | undefined {
  if (overlap.extremeShare > limits.extremeShare) {
    const bounds = {
      ate: `below ${limits.extreme} or above ${1 - limits.extreme}`,
      att: `above ${1 - limits.extreme}`,
      atc: `below ${limits.extreme}`,
      ato: '',
    }[target]
    return `${percent(overlap.extremeShare)} of its units have a propensity ${bounds}`
  }
  for (const [name, arm] of [
    ['treated', overlap.treated],
    ['untreated', overlap.control],
  ] as const) {
    if (!(arm.effectiveSampleSize >= limits.effectiveShare * arm.n))
      return `weighting leaves ${Math.round(arm.effectiveSampleSize)} of ${arm.n} ${name} units`
    if (!(arm.heaviestShare <= limits.heaviestShare))
      return `one ${name} unit has ${percent(arm.heaviestShare)} of the weight`
  }
  return undefined
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`
}
