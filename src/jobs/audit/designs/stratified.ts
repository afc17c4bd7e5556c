import type { Random } from '../../../stats/index.ts'
import { armNames, coinArms, type Design, type Draw, designOutcome, designSpec, effectOf } from './design.ts'

/*
 * Strata that differ in level and in what the treatment does to them: units put into arms within strata in fixed
 * numbers, by the toss of a coin, and with other weights in each stratum.
 */

const units = 600
const names = ['north', 'south', 'east', 'west']
const shares = [0.4, 0.3, 0.2, 0.1]
/** Mean of a unit by its stratum; 10 over all. */
const means = [6, 9, 14, 21]
/** The treated share of a stratum where weights differ. */
const uneven = [0.5, 0.25, 0.25, 0.5]
const buying = [0.1, 0.2, 0.3, 0.4]

const level = (values: readonly number[]): number =>
  values.reduce((sum, value, stratum) => sum + value * shares[stratum]!, 0)

type Assignment = 'fixed' | 'coin' | 'uneven'

function drawAs(assignment: Assignment, random: Random, lift: number): Draw {
  const codes =
    assignment === 'coin'
      ? Int32Array.from({ length: units }, () => stratumAt(random.uniform()))
      : Int32Array.from({ length: units }, (_, unit) => stratumAt((unit + 0.5) / units))
  const arms = coinArms(units, random)
  if (assignment !== 'coin')
    for (const stratum of names.keys()) {
      const members = [...codes.keys()].filter((unit) => codes[unit] === stratum)
      random.shuffle(members)
      const treated = Math.round(members.length * (assignment === 'uneven' ? uneven[stratum]! : 0.5))
      for (const [place, unit] of members.entries()) arms[unit] = place < treated ? 1 : 0
    }
  const value = Float64Array.from(codes, (stratum, unit) => {
    const base = means[stratum]! * (0.5 + random.exponential() / 2)
    return arms[unit] === 1 ? base * (1 + lift) : base
  })
  const bought = Float64Array.from(codes, (stratum, unit) =>
    random.bernoulli(buying[stratum]! * (arms[unit] === 1 ? 1 + lift : 1)) ? 1 : 0,
  )
  return {
    days: [null],
    replication: {
      ...{ n: units, armNames, arms, exposedDay: new Int32Array(units), values: [[value], [bought]] },
      strata: { kind: 'text', codes, texts: names },
    },
    truth: ({ outcome, scale }) => effectOf(level(outcome === 'value' ? means : buying), lift, scale),
  }
}

function stratumAt(place: number): number {
  let sum = 0
  for (const [stratum, share] of shares.entries()) {
    sum += share
    if (place < sum) return stratum
  }
  return shares.length - 1
}

const outcomes = [designOutcome('value', 'mean'), designOutcome('buyers', 'proportion')]

/** As many treated as not within each stratum, whose shares are those of everybody. */
export const stratified: Design = {
  name: 'stratified',
  description: `${units} units in four strata of fixed sizes, half of each treated.`,
  lifts: [0, 0.2],
  hasNull: true,
  spec: designSpec({
    outcomes,
    methods: ['stratified'],
    strata: ['region'],
    health: [],
  }),
  draw: (random, lift) => drawAs('fixed', random, lift),
}

/** Strata that are formed after the assignment. */
export const postStratified: Design = {
  name: 'post_stratified',
  description: `${units} units in halves, in four strata that were formed afterwards.`,
  lifts: [0, 0.2],
  hasNull: true,
  spec: designSpec({
    outcomes,
    methods: ['post_stratified', 'difference_in_means', 'relative_lift'],
    strata: ['region'],
  }),
  draw: (random, lift) => drawAs('coin', random, lift),
}

/** Other weights of the arms in each stratum. */
export const unevenStrata: Design = {
  name: 'uneven_strata',
  description: `${units} units in four strata, of which a half, a quarter, a quarter and a half are treated.`,
  lifts: [0, 0.2],
  hasNull: true,
  spec: designSpec({
    outcomes,
    methods: ['stratified', 'post_stratified'],
    strata: ['region'],
    stratumWeights: Object.fromEntries(
      names.map((name, stratum) => [name, { control: 1 - uneven[stratum]!, treatment: uneven[stratum]! }]),
    ),
    health: [],
  }),
  draw: (random, lift) => drawAs('uneven', random, lift),
}
