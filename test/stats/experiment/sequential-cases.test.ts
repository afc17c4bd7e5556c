import { expect, test } from 'vitest'
import {
  anytimeTLogEvidence,
  asymptoticConfidenceSequence,
  constantBoundary,
  driftForPower,
  mixtureBoundary,
  mixtureBoundaryRho,
  mixtureLogEvidence,
  mixtureTest,
  normalQuantile,
  obrienFlemingSpending,
  pocockSpending,
  relativeLift,
  sequentialCharacteristics,
  spendingBoundaries,
} from '../../../src/stats/index.ts'
import { accepted, armOf, expectWithin, referenceCase } from './reference-cases.ts'

test('gb-asympcs-600: two-sided asymptotic confidence sequence', () => {
  const reference = referenceCase('gb-asympcs-600')
  const { control, treatment, tuning_N } = reference.inputs
  const lift = accepted(relativeLift(armOf(treatment), armOf(control)))
  const sequence = accepted(
    asymptoticConfidenceSequence(lift, control.n + treatment.n, { tuningUnits: tuning_N }),
  )
  expectWithin(reference, {
    estimate: sequence.estimate,
    ci_lower: sequence.ciLower,
    p_always_valid: sequence.pValue,
  })
})

test('gb-asympcs-onesided-rel: one-sided bound', () => {
  const reference = referenceCase('gb-asympcs-onesided-rel')
  const { control, treatment, tuning_N } = reference.inputs
  const lift = accepted(relativeLift(armOf(treatment), armOf(control)))
  const options = { tuningUnits: tuning_N, alternative: 'greater' } as const
  const sequence = accepted(asymptoticConfidenceSequence(lift, control.n + treatment.n, options))
  expectWithin(reference, { ci_lower: sequence.ciLower })
  expect(sequence.ciUpper).toBe(Infinity)
})

test.each(['two-sided', 'greater', 'less'] as const)(
  '%s: p is alpha where the bound touches 0',
  (alternative) => {
    const sign = alternative === 'less' ? -1 : 1
    const wide = accepted(asymptoticConfidenceSequence({ estimate: 0, stdError: 1 }, 900, { alternative }))
    const halfWidth = alternative === 'less' ? wide.ciUpper : -wide.ciLower
    const touching = { estimate: sign * halfWidth, stdError: 1 }
    const { pValue } = accepted(asymptoticConfidenceSequence(touching, 900, { alternative }))
    expect(pValue).toBeCloseTo(0.05, 12)
  },
)

test('cs-normal-mixture: boundary and evidence', () => {
  const reference = referenceCase('cs-normal-mixture')
  const { v_opt, alpha_opt, s, v, alpha } = reference.inputs
  const rho = mixtureBoundaryRho(v_opt, alpha_opt)
  expectWithin(reference, {
    best_rho: rho,
    log_mixture: mixtureLogEvidence(s, v, rho),
    bound: mixtureBoundary(v, rho, alpha),
  })
})

test.each([1, 2] as const)('%d-sided mixture boundary is where the evidence reaches 1/alpha', (sides) => {
  const bound = mixtureBoundary(100, 12, 0.05, sides)
  expect(mixtureLogEvidence(bound, 100, 12, sides)).toBeCloseTo(Math.log(20), 10)
})

test('the mixture test agrees with the mixture boundary, of which it is another parametrisation', () => {
  // With variance V = 1/v on the scale of the mean, mixing variance 1/rho.
  const result = accepted(mixtureTest({ estimate: 10 / 100, stdError: 1 / Math.sqrt(100) }, 1 / 12))
  expect(Math.log(result.likelihoodRatio)).toBeCloseTo(mixtureLogEvidence(10, 100, 12), 12)
  expect(result.ciUpper - result.estimate).toBeCloseTo(mixtureBoundary(100, 12, 0.05) / 100, 12)
})

test('anytime-valid t evidence tends to the normal mixture as the variance becomes known', () => {
  const t = 2.5
  const evidence = anytimeTLogEvidence(t, 1e9, 400, 50)
  expect(evidence).toBeCloseTo(0.5 * Math.log(50 / 450) + (t * t * (400 / 450)) / 2, 6)
})

test('gs-ldof-k5: O’Brien–Fleming type boundaries', () => {
  const reference = referenceCase('gs-ldof-k5')
  const { information, alpha_one_sided } = reference.inputs
  const boundaries = accepted(spendingBoundaries(information, alpha_one_sided))
  expectWithin(reference, { z: boundaries.z, cumulative_alpha: boundaries.cumulativeAlpha })
})

test('gs-pocock: constant boundary and sample sizes', () => {
  const reference = referenceCase('gs-pocock')
  const looks = (k: number) => Array.from({ length: k }, (_, look) => (look + 1) / k)
  const boundary = (k: number) => constantBoundary(looks(k), reference.inputs.alpha_two_sided) as number
  expect(boundary(5)).toBeCloseTo(reference.expected.z_K5, 6)
  const percent = (k: number, beta: number, shares: readonly number[]) => {
    const constant = boundary(k)
    const z = looks(k).map(() => constant)
    const drift = driftForPower(looks(k), z, 1 - beta)
    const growth = 100 * (drift / (normalQuantile(0.975) - normalQuantile(beta))) ** 2
    const expected = shares.map(
      (share) => growth * sequentialCharacteristics(looks(k), z, share * drift).expectedInformation,
    )
    return { growth, expected }
  }
  const four = percent(4, 0.2, [0, 0.5, 1, 1.5])
  const fifteen = percent(15, 0.1, [0])
  expectWithin(reference, {
    z_K5: boundary(5),
    max_pct_K4_b20: four.growth,
    en0_pct_K4_b20: four.expected[0]!,
    en_theta_pct_K4_b20: four.expected,
    max_pct_K15_b10: fifteen.growth,
    en0_pct_K15_b10: fifteen.expected[0]!,
  })
})

test('expan-obf-spending: error spent by share of information', () => {
  const reference = referenceCase('expan-obf-spending')
  const { information, alpha } = reference.inputs
  expectWithin(reference, {
    spend: information.map((share: number) => obrienFlemingSpending(share, alpha)),
    spend_at_half: obrienFlemingSpending(0.5, alpha),
  })
})

test('both spending functions start at 0 and end at alpha', () => {
  for (const spending of [obrienFlemingSpending, pocockSpending]) {
    expect(spending(0, 0.05)).toBe(0)
    expect(spending(1, 0.05)).toBeCloseTo(0.05, 14)
  }
})
