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
 * What is decided: a goal that nothing helps, or that is helped enough; guardrails that stay as they are, or are worse
 * by just their margin.
 */

const units = 1000
const margin = 0.1

function drawWith(random: Random, lift: number, guardrailLift: number): Draw {
  const arms = coinArms(units, random)
  const values = [lift, guardrailLift, guardrailLift].map((own) => {
    const column = Float64Array.from(arms, (arm) => 10 * around1(random, 0.4) * (arm === 1 ? 1 + own : 1))
    return [column]
  })
  return {
    days: [null],
    replication: { n: units, armNames, arms, exposedDay: new Int32Array(units), values },
    truth: ({ outcome, scale }) => effectOf(10, outcome === 'goal' ? lift : guardrailLift, scale),
  }
}

const outcomes = [
  designOutcome('goal', 'mean', { role: 'goal' }),
  designOutcome('guardrail', 'mean', { role: 'guardrail', margin: { relative: margin } }),
  designOutcome('second_guardrail', 'mean', { role: 'guardrail', margin: { relative: margin } }),
]
const spec = designSpec({
  outcomes,
  methods: ['difference_in_means', 'relative_lift', 'non_inferiority'],
  decision: { goals: 'all', alpha: 0.05, power: 0.8 },
})

/** Guardrails that do not move. */
export const decided: Design = {
  name: 'decided',
  description: `${units} units in halves; one goal, and two guardrails that do not move, with margins of ${margin * 100} %.`,
  lifts: [0, 0.1],
  hasNull: true,
  spec,
  draw: (random, lift) => drawWith(random, lift, 0),
}

/** Guardrails that are worse by just their margin: calling them safe is the error that a margin's test has. */
export const atTheMargin: Design = {
  name: 'at_the_margin',
  description: `${units} units in halves; a goal that is helped by a tenth, and two guardrails that are worse by just their margin of ${margin * 100} %.`,
  lifts: [0.1],
  hasNull: false,
  spec,
  draw: (random, lift) => drawWith(random, lift, -margin),
}
