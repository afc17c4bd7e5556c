import { orderOf } from '../ordering/order-of.ts'
import { makeRandom } from '../random/philox.ts'
import { takeByDistance } from './closest-first.ts'

/**
 * In which order treated units choose; without replacement it decides who is left: by their score, as in the data, at
 * random, or whoever has the closest control of those left, or the farthest.
 */
export type MatchingOrder = 'largest' | 'smallest' | 'closest' | 'farthest' | 'data' | 'random'

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

/** Pairs column by column, in the order in which they were made; a treated unit has up to `ratio` of them. */
export interface Matching {
  /** Number of pairs. */
  readonly size: number
  /** Index of the unit that chose, pair by pair. */
  readonly treated: Int32Array
  /** Index of the unit that it chose. */
  readonly control: Int32Array
  /** How far their scores are apart. */
  readonly distance: Float64Array
  /** Treated units without any control within the caliper and stratum. */
  readonly unmatched: Int32Array
}

/**
 * Nearest neighbours by a score, each taken greedily: a treated unit takes the control with the closest score; of equally
 * close ones, the one that stands first in the data. With a ratio above 1 all take their first control, then all their
 * second, and so on.
 *
 * The score is a propensity or its logit, any length n; `treatment` is 1 for the units that choose, so that turning it
 * round lets the others choose. Takes O(n log n).
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
  const pool = makePool(score, treatment, strata)
  const choosing = choosingOrder(score, treatment, order, seed)
  const room = choosing.length * ratio
  const pairs = {
    treated: new Int32Array(room),
    control: new Int32Array(room),
    distance: new Float64Array(room),
  }
  // What each has chosen so far, in slots of its own.
  const chosen = new Int32Array(room)
  const counts = new Int32Array(choosing.length)
  let size = 0
  for (let round = 0; round < ratio; round++) {
    const findFor = (place: number): number => {
      if (counts[place]! < round) return nobody
      const treated = choosing[place]!
      const before = chosen.subarray(place * ratio, place * ratio + round)
      return pool.find(score[treated]!, strata ? strata[treated]! : 0, caliper, before)
    }
    const take = (place: number, found: number): void => {
      const [treated, control] = [choosing[place]!, pool.unitAt(found)]
      if (!replacement) pool.remove(found)
      chosen[place * ratio + round] = control
      counts[place]!++
      pairs.treated[size] = treated
      pairs.control[size] = control
      pairs.distance[size++] = Math.abs(score[treated]! - score[control]!)
    }
    if (!replacement && (order === 'closest' || order === 'farthest')) {
      const offerTo = (place: number) => {
        const found = findFor(place)
        if (found === nobody) return null
        return { control: found, distance: Math.abs(score[choosing[place]!]! - score[pool.unitAt(found)]!) }
      }
      takeByDistance(choosing.length, { offerTo, take: (place, { control }) => take(place, control) }, order)
      continue
    }
    for (let place = 0; place < choosing.length; place++) {
      const found = findFor(place)
      if (found !== nobody) take(place, found)
    }
  }
  return {
    size,
    treated: pairs.treated.slice(0, size),
    control: pairs.control.slice(0, size),
    distance: pairs.distance.slice(0, size),
    unmatched: choosing.filter((_, place) => counts[place] === 0).sort(),
  }
}

function choosingOrder(
  score: Float64Array,
  treatment: Uint8Array,
  order: MatchingOrder,
  seed: number,
): Int32Array {
  const units = indexesOf(treatment, 1)
  if (order === 'largest') return units.map(placesOf(units, (unit) => -score[unit]!))
  if (order === 'smallest') return units.map(placesOf(units, (unit) => score[unit]!))
  if (order === 'random') makeRandom(seed).shuffle(units)
  return units
}

/** For `map`: the units in the order of what they are given. */
function placesOf(
  units: Int32Array,
  value: (unit: number) => number,
): (unit: number, place: number) => number {
  const order = orderOf(Float64Array.from(units, value))
  return (_, place) => units[order[place]!]!
}

function indexesOf(treatment: Uint8Array, value: 0 | 1): Int32Array {
  let count = 0
  for (let unit = 0; unit < treatment.length; unit++) if (treatment[unit] === value) count++
  const found = new Int32Array(count)
  let place = 0
  for (let unit = 0; unit < treatment.length; unit++) if (treatment[unit] === value) found[place++] = unit
  return found
}

/** No place among the controls. */
const nobody = 0

interface Pool {
  /** The place of the closest control that is left and is not among those, or `nobody`. */
  find(score: number, stratum: number, caliper: number, but: Int32Array): number
  unitAt(place: number): number
  remove(place: number): void
}

/**
 * Controls in order of their stratum, then of their score, then of the data. What is taken is skipped over by pointers
 * that are shortened as they are followed (Tarjan 1975), so that looking for the next one takes no time.
 */
function makePool(score: Float64Array, treatment: Uint8Array, strata: Int32Array | undefined): Pool {
  const sorted = sortedControls(score, treatment, strata)
  const size = sorted.length
  const scores = Float64Array.from(sorted, (unit) => score[unit]!)
  const ranges = rangesOf(sorted, strata)
  // Places count from 1; place 0 and place size + 1 stand for the ends.
  const nextFree = Int32Array.from({ length: size + 2 }, (_, place) => place)
  const lastFree = Int32Array.from({ length: size + 2 }, (_, place) => place)

  /** First place of the range [from, to] whose score is not below, or to + 1. */
  function firstNotBelow(value: number, from: number, to: number): number {
    let [low, high] = [from, to + 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (scores[middle - 1]! < value) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The free place upwards from here that is not among those. */
  function upwards(from: number, to: number, but: Int32Array): number {
    let place = follow(nextFree, from)
    while (place <= to && but.includes(sorted[place - 1]!)) place = follow(nextFree, place + 1)
    return place
  }

  /** The first in the data among the free ones of the closest score downwards, or a place before the range. */
  function downwards(start: number, from: number, to: number, but: Int32Array): number {
    let place = follow(lastFree, start)
    while (place >= from && but.includes(sorted[place - 1]!)) place = follow(lastFree, place - 1)
    return place < from ? 0 : upwards(firstNotBelow(scores[place - 1]!, from, place), to, but)
  }

  return {
    find(value, stratum, caliper, but) {
      const range = ranges.get(stratum)
      if (!range) return nobody
      const { from, to } = range
      const start = firstNotBelow(value, from, to)
      const above = upwards(start, to, but)
      const below = downwards(start - 1, from, to, but)
      const up = above > to ? Infinity : scores[above - 1]! - value
      const down = below < from ? Infinity : value - scores[below - 1]!
      if (Math.min(up, down) > caliper || (up === Infinity && down === Infinity)) return nobody
      const isUp = up < down || (up === down && sorted[above - 1]! < sorted[below - 1]!)
      return isUp ? above : below
    },
    unitAt: (place) => sorted[place - 1]!,
    remove(place) {
      nextFree[place] = place + 1
      lastFree[place] = place - 1
    },
  }
}

function follow(pointers: Int32Array, from: number): number {
  let place = from
  while (pointers[place] !== place) {
    pointers[place] = pointers[pointers[place]!]!
    place = pointers[place]!
  }
  return place
}

function sortedControls(
  score: Float64Array,
  treatment: Uint8Array,
  strata: Int32Array | undefined,
): Int32Array {
  const controls = indexesOf(treatment, 0)
  const byScore = controls.map(placesOf(controls, (unit) => score[unit]!))
  return strata ? byScore.map(placesOf(byScore, (unit) => strata[unit]!)) : byScore
}

interface Range {
  /** First and last place, counted from 1. */
  readonly from: number
  readonly to: number
}

function rangesOf(sorted: Int32Array, strata: Int32Array | undefined): ReadonlyMap<number, Range> {
  const ranges = new Map<number, Range>()
  let from = 1
  for (let place = 1; place <= sorted.length; place++) {
    const stratum = strata ? strata[sorted[place - 1]!]! : 0
    const isLast = place === sorted.length || (strata !== undefined && strata[sorted[place]!] !== stratum)
    if (!isLast) continue
    ranges.set(stratum, { from, to: place })
    from = place + 1
  }
  return ranges
}
