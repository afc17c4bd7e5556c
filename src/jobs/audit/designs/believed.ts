import type { Random } from '../../../stats/index.ts'
import { armNames, coinArms, type Design, type Draw, designOutcome, designSpec } from './design.ts'

/*
 * Effects that are drawn from the very prior that the analysis believes in. Then, and only then, a credible interval
 * holds the truth as often as it says, and a chance to win is one.
 */

const units = 800
const prior = { mean: 0.02, sd: 0.08, scale: 'relative' } as const
const betaPrior = { a: 6, b: 14 }

function draw(random: Random): Draw {
  const arms = coinArms(units, random)
  const lift = prior.mean + prior.sd * random.normal()
  const shares = [0, 1].map(() => random.beta(betaPrior.a, betaPrior.b)) as [number, number]
  const spending = Float64Array.from(arms, (arm) => (10 + 4 * random.normal()) * (arm === 1 ? 1 + lift : 1))
  const bought = Float64Array.from(arms, (arm) => (random.bernoulli(shares[arm]!) ? 1 : 0))
  return {
    days: [null],
    replication: {
      ...{ n: units, armNames, arms, exposedDay: new Int32Array(units), values: [[spending], [bought]] },
    },
    truth: ({ outcome, scale }) => {
      if (outcome === 'spending') return scale === 'absolute' ? 10 * lift : lift
      const gap = shares[1] - shares[0]
      return scale === 'absolute' ? gap : gap / shares[0]
    },
  }
}

/** A normal prior on the lift of a mean. */
export const believed: Design = {
  name: 'believed',
  description: `${units} units in halves; the lift of spending is drawn from a normal prior of mean ${prior.mean} and standard deviation ${prior.sd}, the shares of buyers of both arms from Beta(${betaPrior.a}, ${betaPrior.b}), and the analysis has the same priors.`,
  lifts: [0],
  hasNull: false,
  isBelieved: true,
  spec: designSpec({
    outcomes: [designOutcome('spending', 'mean'), designOutcome('buyers', 'proportion')],
    methods: ['bayesian_normal', 'bayesian_beta_binomial'],
    prior,
    betaPrior,
  }),
  draw,
}

/** Which pairs of method and outcome have their truth drawn from the method's own prior. */
export function isBelieved(method: string, outcome: string): boolean {
  return method === 'bayesian_normal' ? outcome === 'spending' : outcome === 'buyers'
}
