import { orderOf } from '../ordering/order-of.ts'

/*
 * The nearest units by a score, all of those that are equally near. In the order of the scores they are one range, so
 * that their sums are differences of running sums: no unit's neighbours are ever listed, however many scores are alike.
 */

/** Units of one arm in order of stratum and score. */
export interface SortedArm {
  /** Indexes of the units. */
  readonly units: Int32Array
  readonly scores: Float64Array
  /** First place of each stratum and one past its last. */
  readonly ranges: ReadonlyMap<number, readonly [number, number]>
}

/** Places in a sorted arm, from first to before last; first = last for nobody. */
export interface PlaceRanges {
  readonly first: Int32Array
  readonly last: Int32Array
}

/** The units of an arm, sorted. */
export function sortArm(
  score: Float64Array,
  treatment: Uint8Array,
  arm: 0 | 1,
  strata?: Int32Array,
): SortedArm {
  const byScore = orderOf(score).filter((unit) => treatment[unit] === arm)
  const units = strata
    ? Int32Array.from(
        orderOf(Float64Array.from(byScore, (unit) => strata[unit]!)),
        (place) => byScore[place]!,
      )
    : byScore
  const ranges = new Map<number, readonly [number, number]>()
  let from = 0
  for (let place = 1; place <= units.length; place++) {
    const stratum = strata ? strata[units[place - 1]!]! : 0
    if (place < units.length && (!strata || strata[units[place]!] === stratum)) continue
    ranges.set(stratum, [from, place])
    from = place
  }
  return { units, scores: Float64Array.from(units, (unit) => score[unit]!), ranges }
}

/**
 * For each unit its `count` nearest of the arm and all that are as near as the last of these, within the caliper and its
 * stratum. A unit of the arm is its own nearest. Fewer than `count` where there are fewer.
 */
export function nearestRanges(
  arm: SortedArm,
  score: Float64Array,
  units: Int32Array,
  { count, caliper = Infinity, strata }: { count: number; caliper?: number; strata?: Int32Array },
): PlaceRanges {
  const first = new Int32Array(units.length)
  const last = new Int32Array(units.length)
  for (let index = 0; index < units.length; index++) {
    const unit = units[index]!
    const range = arm.ranges.get(strata ? strata[unit]! : 0)
    if (!range) continue
    const radius = Math.min(radiusOf(arm.scores, range, score[unit]!, count), caliper)
    first[index] = firstPlace(range, (place) => score[unit]! - arm.scores[place]! <= radius)
    last[index] = firstPlace(range, (place) => arm.scores[place]! - score[unit]! > radius)
  }
  return { first, last }
}

/** The distance to the `count`-th nearest, or to the farthest. */
function radiusOf(
  scores: Float64Array,
  [from, to]: readonly [number, number],
  value: number,
  count: number,
): number {
  let above = firstPlace([from, to], (place) => scores[place]! >= value)
  let below = above - 1
  let radius = 0
  for (let taken = 0; taken < count; taken++) {
    const up = above < to ? scores[above]! - value : Infinity
    const down = below >= from ? value - scores[below]! : Infinity
    if (up === Infinity && down === Infinity) break
    radius = Math.min(up, down)
    if (up <= down) above++
    else below--
  }
  return radius
}

/** The first place of a range from which on something holds. */
function firstPlace([from, to]: readonly [number, number], holds: (place: number) => boolean): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** Running sums of a value of the arm's units: the sum of places a to b is sums[b] − sums[a]. */
export function runningSums(arm: SortedArm, value: (unit: number) => number): Float64Array {
  const sums = new Float64Array(arm.units.length + 1)
  for (let place = 0; place < arm.units.length; place++)
    sums[place + 1] = sums[place]! + value(arm.units[place]!)
  return sums
}

/** What each place gets when every range gives its places an amount each. */
export function spreadOver(
  arm: SortedArm,
  { first, last }: PlaceRanges,
  amount: (index: number) => number,
): Float64Array {
  const steps = new Float64Array(arm.units.length + 1)
  for (let index = 0; index < first.length; index++) {
    if (first[index] === last[index]) continue
    steps[first[index]!]! += amount(index)
    steps[last[index]!]! -= amount(index)
  }
  let level = 0
  const result = new Float64Array(arm.units.length)
  for (let place = 0; place < arm.units.length; place++) {
    level += steps[place]!
    result[place] = level
  }
  return result
}
