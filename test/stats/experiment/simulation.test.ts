import { describe, expect, test } from 'vitest'
import {
  type ArmMoments,
  asymptoticConfidenceSequence,
  cuped,
  differenceInMeans,
  type EffectResult,
  experimentPower,
  type JointMoments,
  jointMomentsOf,
  makeRandom,
  mergeMoments,
  mixtureTest,
  momentsOf,
  type Random,
  ratioDifference,
  ratioLift,
  relativeLift,
  type Stratum,
  sampleRatioMismatch,
  stratifiedDifference,
} from '../../../src/stats/index.ts'
import { accepted } from './reference-cases.ts'

const replications = 3000

/**
 * Fails unless a share of `n` trials is what a rate would give, at 4 standard errors: 1 in 16,000 by chance.
 */
function expectRate(share: number, rate: number, n: number): void {
  expect(Math.abs(share - rate), `${share}, not ${rate}`).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / n))
}

/** Coverage of the truth by the 95 % interval, and how often p < 0.05, over seeded replications. */
function simulate(
  truth: number,
  estimate: (random: Random) => EffectResult,
): { coverage: number; rejections: number } {
  const random = makeRandom(20240607)
  let covered = 0
  let rejected = 0
  for (let replication = 0; replication < replications; replication++) {
    random.reseed(replication)
    const { ciLower, ciUpper, pValue } = accepted(estimate(random))
    if (ciLower <= truth && truth <= ciUpper) covered++
    if (pValue < 0.05) rejected++
  }
  return { coverage: covered / replications, rejections: rejected / replications }
}

function draw(n: number, one: () => number): Float64Array {
  return Float64Array.from({ length: n }, one)
}

describe('Welch', () => {
  const arm = (random: Random, n: number, mean: number, spread: number) =>
    momentsOf(draw(n, () => mean + spread * random.normal()))

  test('covers in small arms of unequal size and spread, and rejects a true null at its level', () => {
    const { coverage, rejections } = simulate(0, (random) =>
      differenceInMeans(arm(random, 12, 5, 4), arm(random, 40, 5, 1)),
    )
    expectRate(coverage, 0.95, replications)
    expectRate(rejections, 0.05, replications)
  })

  test('finds an effect as often as the power function says', () => {
    const { rejections } = simulate(0.3, (random) =>
      differenceInMeans(arm(random, 200, 5.3, 1), arm(random, 200, 5, 1)),
    )
    const power = experimentPower({ variance: 1, reference: 't' }, 0.3, 400) as number
    expectRate(rejections, power, replications)
  })
})

describe('relative lift', () => {
  const arm = (random: Random, mean: number) => momentsOf(draw(300, () => mean * random.gamma(1.5)))

  test.each(['delta', 'log', 'fieller'] as const)('%s covers with skewed outcomes', (interval) => {
    const { coverage } = simulate(0.2, (random) =>
      relativeLift(arm(random, 1.2), arm(random, 1), { interval }),
    )
    expectRate(coverage, 0.95, replications)
  })

  test('rejects a true null at its level', () => {
    const { rejections } = simulate(0, (random) => relativeLift(arm(random, 1), arm(random, 1)))
    expectRate(rejections, 0.05, replications)
  })
})

describe('CUPED, covariate mean far from zero', () => {
  // Outcome = lift·(10 + 0.9·covariate deviation + noise): the covariate explains about 70 % of the variance.
  const arm = (random: Random, lift: number): ArmMoments => {
    const covariate = draw(150, () => 20 + 3 * random.normal())
    const outcome = covariate.map((x) => lift * (10 + 0.9 * (x - 20) + 1.8 * random.normal()))
    return momentsOf(outcome, covariate)
  }

  test.each(['pooled', 'within_arms', 'arm_sum'] as const)('absolute, θ %s', (theta) => {
    const { coverage } = simulate(1, (random) => cuped(arm(random, 1.1), arm(random, 1), { theta }))
    expectRate(coverage, 0.95, replications)
  })

  test('absolute: rejects a true null at its level', () => {
    const { rejections } = simulate(0, (random) => cuped(arm(random, 1), arm(random, 1)))
    expectRate(rejections, 0.05, replications)
  })

  test('relative: covers the lift', () => {
    const { coverage } = simulate(0.1, (random) =>
      cuped(arm(random, 1.1), arm(random, 1), { scale: 'relative' }),
    )
    expectRate(coverage, 0.95, replications)
  })

  test('relative: rejects a true null at its level', () => {
    const { rejections } = simulate(0, (random) =>
      cuped(arm(random, 1), arm(random, 1), { scale: 'relative' }),
    )
    expectRate(rejections, 0.05, replications)
  })

  test('halves the variance or better, on both scales', () => {
    const random = makeRandom(1)
    const treatment = arm(random, 1.1)
    const control = arm(random, 1)
    const plain = accepted(differenceInMeans(treatment, control))
    const adjusted = accepted(cuped(treatment, control))
    expect(adjusted.stdError ** 2 / plain.stdError ** 2).toBeCloseTo(1 - adjusted.varianceReduction, 12)
    expect(adjusted.varianceReduction).toBeGreaterThan(0.5)
    expect(adjusted.treatmentMean - adjusted.controlMean).toBeCloseTo(adjusted.estimate, 12)
    const lift = accepted(cuped(treatment, control, { scale: 'relative' }))
    expect(lift.stdError).toBeLessThan(0.75 * accepted(relativeLift(treatment, control)).stdError)
  })
})

describe('ratio of sums, with a random number of events per unit', () => {
  const arm = (random: Random, value: number): JointMoments => {
    const events = draw(200, () => 1 + random.negativeBinomial(2, 0.5))
    // Units differ in their level, so events of a unit are alike: a test on events would reject too often.
    const sums = events.map((n) => value * (n * (3 + random.normal()) + Math.sqrt(n) * random.normal()))
    return jointMomentsOf(sums, events)
  }

  test('both scales cover', () => {
    const absolute = simulate(0.3, (random) => ratioDifference(arm(random, 1.1), arm(random, 1)))
    expectRate(absolute.coverage, 0.95, replications)
    const relative = simulate(0.1, (random) => ratioLift(arm(random, 1.1), arm(random, 1)))
    expectRate(relative.coverage, 0.95, replications)
  })
})

test('post-strata: covers, though the strata are of random size and of different effect', () => {
  const strata = (random: Random): Stratum[] => {
    const values = Array.from({ length: 3 }, () => [[] as number[], [] as number[]])
    for (let unit = 0; unit < 400; unit++) {
      const stratum = random.int(3)
      const treated = random.int(2)
      values[stratum]![treated]!.push(5 * stratum + treated * (1 + stratum) + random.normal())
    }
    return values.map(([control, treatment]) => ({
      treatment: momentsOf(treatment!),
      control: momentsOf(control!),
    }))
  }
  const { coverage } = simulate(2, (random) => stratifiedDifference(strata(random), { weights: 'random' }))
  expectRate(coverage, 0.95, replications)
})

describe('sample ratio', () => {
  const rate = (shares: readonly [number, number], alpha: number) => {
    const random = makeRandom(9)
    let alarms = 0
    for (let replication = 0; replication < replications; replication++) {
      random.reseed(replication)
      const first = random.binomial(6000, shares[0])
      const second = random.binomial(6000 - first, shares[1] / (1 - shares[0]))
      const counts = [first, second, 6000 - first - second]
      if (accepted(sampleRatioMismatch(counts, [2, 1, 1], { alpha })).mismatch) alarms++
    }
    return alarms / replications
  }

  test('false alarms come at the rate asked for', () => {
    expectRate(rate([0.5, 0.25], 0.05), 0.05, replications)
    expectRate(rate([0.5, 0.25], 0.001), 0.001, replications)
  })

  test('a lost fifth of an arm is found', () => {
    expect(rate([0.5 / 0.95, 0.2 / 0.95], 0.001)).toBeGreaterThan(0.9)
  })
})

test('looking after every hundred units: only always-valid p-values keep their level', () => {
  const random = makeRandom(77)
  const runs = 1000
  const found = { sequence: 0, mixture: 0, fixed: 0 }
  const none: ArmMoments = { n: 0, mean: 0, variance: 0 }
  for (let run = 0; run < runs; run++) {
    random.reseed(run)
    const seen = { sequence: false, mixture: false, fixed: false }
    let treatment = none
    let control = none
    for (let look = 0; look < 30; look++) {
      treatment = mergeMoments(treatment, momentsOf(draw(50, random.normal)))
      control = mergeMoments(control, momentsOf(draw(50, random.normal)))
      const difference = accepted(differenceInMeans(treatment, control))
      const options = { tuningUnits: 1000 }
      const sequence = accepted(asymptoticConfidenceSequence(difference, treatment.n + control.n, options))
      seen.sequence ||= sequence.pValue < 0.05
      // The interval and the p-value must tell the same story at every look.
      expect(sequence.pValue < 0.05).toBe(sequence.ciLower > 0 || sequence.ciUpper < 0)
      seen.mixture ||= accepted(mixtureTest(difference, 0.01)).pValue < 0.05
      seen.fixed ||= difference.pValue < 0.05
    }
    for (const key of ['sequence', 'mixture', 'fixed'] as const) if (seen[key]) found[key]++
  }
  const limit = 0.05 + 4 * Math.sqrt((0.05 * 0.95) / runs)
  expect(found.sequence / runs).toBeLessThan(limit)
  expect(found.mixture / runs).toBeLessThan(limit)
  expect(found.sequence).toBeGreaterThan(0)
  expect(found.fixed / runs).toBeGreaterThan(0.25)
})
