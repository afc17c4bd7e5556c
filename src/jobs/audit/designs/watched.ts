import type { SequentialPlan } from '../../../core/experiment-spec.ts'
import type { Random } from '../../../stats/index.ts'
import {
  armNames,
  around1,
  coinArms,
  type Design,
  type Draw,
  designOutcome,
  designSpec,
  effectOf,
} from './design.ts'

/*
 * Experiments that are looked at while they run: every day, or at the looks of a plan. What counts is how often any of
 * the looks leaves out the truth.
 */

const units = 1400
const days = Array.from({ length: 14 }, (_, day) => `2026-01-${String(day + 1).padStart(2, '0')}`)

function draw(random: Random, lift: number): Draw {
  const arms = coinArms(units, random)
  const exposedDay = Int32Array.from({ length: units }, (_, unit) => Math.floor((unit * days.length) / units))
  const before = Float64Array.from(arms, () => random.gamma(2) / 2)
  const spending = Float64Array.from(
    arms,
    (arm, unit) => 10 * before[unit]! * around1(random, 0.5) * (arm === 1 ? 1 + lift : 1),
  )
  return {
    days,
    replication: { n: units, armNames, arms, exposedDay, values: [[spending, before]] },
    truth: ({ scale }) => effectOf(10, lift, scale),
  }
}

function watchedBy(name: string, words: string, sequential: SequentialPlan): Design {
  return {
    name,
    description: `${units} units that come over ${days.length} days, ${words}; a covariate explains most of the variance.`,
    lifts: [0, 0.1],
    hasNull: true,
    spec: designSpec({
      outcomes: [designOutcome('spending', 'mean', { covariateCount: 1 })],
      methods: ['cuped', 'cuped_relative', sequential.kind],
      sequential,
    }),
    draw,
  }
}

const looks = [0.25, 0.5, 0.75, 1]

/** One design for each sequential plan. */
export const watched: readonly Design[] = [
  watchedBy('confidence_sequence', 'looked at every day by a confidence sequence', {
    ...{ kind: 'confidence_sequence', sides: 2, tuningUnits: 700 },
  }),
  watchedBy('one_sided_sequence', 'looked at every day by a one-sided confidence sequence', {
    ...{ kind: 'confidence_sequence', sides: 1, tuningUnits: 700 },
  }),
  watchedBy('mixture_test', 'looked at every day by a mixture test', {
    ...{ kind: 'msprt', mixingVariance: 0.01 },
  }),
  watchedBy('obrien_fleming', 'looked at four times by O’Brien and Fleming’s spending', {
    ...{ kind: 'group_sequential', spending: 'obrien_fleming', looks, plannedUnits: units },
  }),
  watchedBy('pocock', 'looked at four times by Pocock’s spending', {
    ...{ kind: 'group_sequential', spending: 'pocock', looks, plannedUnits: units },
  }),
]
