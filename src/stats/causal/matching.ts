import { makeRandom } from '../random/philox.ts'

/** In which order treated units choose; without replacement it decides who is left. */
export type MatchingOrder = 'largest' | 'smallest' | 'data' | 'random'

export interface MatchingOptions {
  /** Controls for each treated unit; 1 if not given. */
  readonly ratio?: number
  /** Whether a control may be chosen again; false if not given. */
  readonly replacement?: boolean
  /** Largest distance, in the units of the score. */
  readonly caliper?: number
  /** Only units of the same stratum are matched. */
  readonly strata?: Int32Array
  /** 'largest' if not given: those who are hardest to match choose first, as in MatchIt. */
  readonly order?: MatchingOrder
  /** Of the random order. */
  readonly seed?: number
}

export interface MatchedPair {
  /** Index of the unit that chose. */
  readonly treated: number
  readonly control: number
  readonly distance: number
}

export interface Matching {
  /** In the order in which they were made; a treated unit has up to `ratio` of them. */
  readonly pairs: readonly MatchedPair[]
  /** Treated units without any control within the caliper and stratum. */
  readonly unmatched: readonly number[]
}

/**
 * Nearest neighbours by a score, each taken greedily: a treated unit takes the control with the closest score; of equally
 * close ones, the one that stands first in the data. With a ratio above 1 all take their first control, then all their
 * second, and so on.
 *
 * The score is a propensity or its logit, any length n; `treatment` is 1 for the units that choose. Takes O(n log n).
 * Source: Rosenbaum and Rubin (1985); Ho, Imai, King, Stuart (2011), "MatchIt", method = "nearest".
 */
export function matchNearest(
  score: Float64Array,
  treatment: Uint8Array,
  {
    ratio = 1,
    replacement = false,
    caliper = Infinity,
    strata,
    order = 'largest',
    seed = 1,
  }: MatchingOptions = {},
): Matching {
  const pools = poolsOf(score, treatment, strata, replacement)
  const choosing = choosingOrder(score, treatment, order, seed)
  const pairs: MatchedPair[] = []
  const chosenBy = new Map<number, number[]>()
  for (let round = 0; round < ratio; round++)
    for (const treated of choosing) {
      const before = chosenBy.get(treated) ?? []
      if (before.length < round) continue
      const pool = pools.get(strata ? strata[treated]! : 0)
      const control = pool?.take(score[treated]!, caliper, before)
      if (control === undefined) continue
      chosenBy.set(treated, [...before, control])
      pairs.push({ treated, control, distance: Math.abs(score[treated]! - score[control]!) })
    }
  return { pairs, unmatched: choosing.filter((unit) => !chosenBy.has(unit)).toSorted((a, b) => a - b) }
}

function choosingOrder(
  score: Float64Array,
  treatment: Uint8Array,
  order: MatchingOrder,
  seed: number,
): number[] {
  const units = indexesOf(treatment, 1)
  if (order === 'largest') return units.sort((a, b) => score[b]! - score[a]! || a - b)
  if (order === 'smallest') return units.sort((a, b) => score[a]! - score[b]! || a - b)
  if (order === 'random') makeRandom(seed).shuffle(units)
  return units
}

function indexesOf(treatment: Uint8Array, value: 0 | 1): number[] {
  const found: number[] = []
  for (let unit = 0; unit < treatment.length; unit++) if (treatment[unit] === value) found.push(unit)
  return found
}

interface Pool {
  /** The closest control that may be taken and is not among those, or undefined. */
  take(score: number, caliper: number, but: readonly number[]): number | undefined
}

function poolsOf(
  score: Float64Array,
  treatment: Uint8Array,
  strata: Int32Array | undefined,
  replacement: boolean,
): Map<number, Pool> {
  const members = new Map<number, number[]>()
  for (const unit of indexesOf(treatment, 0)) {
    const stratum = strata ? strata[unit]! : 0
    const group = members.get(stratum)
    if (group) group.push(unit)
    else members.set(stratum, [unit])
  }
  return new Map([...members].map(([stratum, units]) => [stratum, makePool(score, units, replacement)]))
}

/**
 * Controls in order of their score, those of one score in the order of the data. What is taken is skipped over by
 * pointers that are shortened as they are followed (Tarjan 1975), so that looking for the next one takes no time.
 */
function makePool(score: Float64Array, units: readonly number[], replacement: boolean): Pool {
  const sorted = units.toSorted((a, b) => score[a]! - score[b]! || a - b)
  const size = sorted.length
  const scores = Float64Array.from(sorted, (unit) => score[unit]!)
  // Place 0 and place size + 1 stand for the ends.
  const nextFree = Int32Array.from({ length: size + 2 }, (_, place) => place)
  const lastFree = Int32Array.from({ length: size + 2 }, (_, place) => place)

  function follow(pointers: Int32Array, from: number): number {
    let place = from
    while (pointers[place] !== place) {
      pointers[place] = pointers[pointers[place]!]!
      place = pointers[place]!
    }
    return place
  }

  /** First place, counted from 1, whose score is not below. */
  function firstNotBelow(value: number): number {
    let [low, high] = [0, size]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (scores[middle]! < value) low = middle + 1
      else high = middle
    }
    return low + 1
  }

  /** The free place upwards from here that is not among those. */
  function upwards(from: number, but: readonly number[]): number {
    let place = follow(nextFree, from)
    while (place <= size && but.includes(sorted[place - 1]!)) place = follow(nextFree, place + 1)
    return place
  }

  /** The first in the data among the free ones of the closest score downwards. */
  function downwards(from: number, but: readonly number[]): number {
    let place = follow(lastFree, from)
    while (place >= 1 && but.includes(sorted[place - 1]!)) place = follow(lastFree, place - 1)
    return place < 1 ? 0 : upwards(firstNotBelow(scores[place - 1]!), but)
  }

  return {
    take(value, caliper, but) {
      const start = firstNotBelow(value)
      const above = upwards(start, but)
      const below = downwards(start - 1, but)
      const up = above > size ? Infinity : scores[above - 1]! - value
      const down = below < 1 ? Infinity : value - scores[below - 1]!
      if (Math.min(up, down) > caliper || (up === Infinity && down === Infinity)) return undefined
      const isUp = up < down || (up === down && sorted[above - 1]! < sorted[below - 1]!)
      const place = isUp ? above : below
      if (!replacement) {
        nextFree[place] = place + 1
        lastFree[place] = place - 1
      }
      return sorted[place - 1]!
    },
  }
}
