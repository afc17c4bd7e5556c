import { describe, expect, test } from 'vitest'
import {
  type ArmMoments,
  additionalSampleFactor,
  adjustPValues,
  betaBinomialPosterior,
  type Correction,
  differenceInMeans,
  expectedLosses,
  experimentPower,
  isRefused,
  jointMomentsFromSums,
  jointMomentsOf,
  makeRandom,
  minimumDetectableEffect,
  momentsFromSums,
  momentsOf,
  nonInferiority,
  normalPosterior,
  quantileMoments,
  ratioCuped,
  ratioLift,
  relativeLift,
  requiredUnits,
  type Stratum,
  stratifiedDifference,
} from '../../../src/stats/index.ts'
import { accepted, armOf, caseIds, expectWithin, referenceCase } from './reference-cases.ts'

test('ph-ratio-rel: lift of a ratio metric', () => {
  const reference = referenceCase('ph-ratio-rel')
  type Sums = { sum: number; sum_squares: number }
  const arm = ({ n, m, d, md }: { n: number; m: Sums; d: Sums; md: number }) =>
    jointMomentsFromSums(
      n,
      [m.sum, d.sum],
      [
        [m.sum_squares, md],
        [md, d.sum_squares],
      ],
    )
  const lift = accepted(ratioLift(arm(reference.inputs.treatment), arm(reference.inputs.control)))
  expectWithin(reference, { estimate: lift.estimate, ci: [lift.ciLower, lift.ciUpper], p: lift.pValue })
})

test('gb-ratio-cuped-smallarray-improving-pos: CUPED lift of a ratio with θ given', () => {
  const reference = referenceCase('gb-ratio-cuped-smallarray-improving-pos')
  type Arm = Record<'m_post' | 'd_post' | 'm_pre' | 'd_pre', number[]>
  const arm = ({ m_post, d_post, m_pre, d_pre }: Arm) => jointMomentsOf(m_post, d_post, m_pre, d_pre)
  const { control, treatment, theta } = reference.inputs
  const lift = accepted(ratioCuped(arm(treatment), arm(control), { theta, scale: 'relative' }))
  expectWithin(reference, { estimate: lift.estimate, se: lift.stdError })
})

test('gb-poststrat-mean: strata of random size, both scales', () => {
  const reference = referenceCase('gb-poststrat-mean')
  type Sums = Parameters<typeof armOf>[0]
  const strata = (reference.inputs.strata as { control: Sums; treatment: Sums }[]).map(
    ({ control, treatment }): Stratum => ({ control: armOf(control), treatment: armOf(treatment) }),
  )
  const absolute = accepted(stratifiedDifference(strata, { weights: 'random' }))
  const relative = accepted(stratifiedDifference(strata, { weights: 'random', scale: 'relative' }))
  expectWithin(reference, {
    abs_estimate: absolute.estimate,
    abs_se: absolute.stdError,
    rel_estimate: relative.estimate,
    rel_se: relative.stdError,
  })
})

test('r-blocked: strata of fixed size', () => {
  const reference = referenceCase('r-blocked')
  const rows: [number, number, number][] = reference.inputs.rows_mpg_cyl_am
  const arm = (cyl: number, am: number) =>
    momentsOf(rows.filter((row) => row[1] === cyl && row[2] === am).map((row) => row[0]))
  const strata = [4, 6, 8].map((cyl) => ({ treatment: arm(cyl, 1), control: arm(cyl, 0) }))
  const result = accepted(stratifiedDifference(strata))
  expectWithin(reference, {
    estimate: result.estimate,
    se: result.stdError,
    df: result.degreesOfFreedom,
    p: result.pValue,
  })
})

test('gb-quantile-effect: difference of a quantile', () => {
  const reference = referenceCase('gb-quantile-effect')
  const { nu, c, t } = reference.inputs
  const arm = ({ n, q, lo, hi }: { n: number; q: number; lo: number; hi: number }) =>
    accepted(quantileMoments({ n, level: nu, quantile: q, lower: lo, upper: hi }))
  const result = accepted(differenceInMeans(arm(t), arm(c), { reference: 'normal' }))
  expectWithin(reference, {
    abs_estimate: result.estimate,
    abs_ci: [result.ciLower, result.ciUpper],
  })
})

test('sc-noninferiority: relative margin', () => {
  const reference = referenceCase('sc-noninferiority')
  const { control, treatment, margin_rel, preferred, confidence } = reference.inputs
  const options = {
    margin: { relative: margin_rel },
    preferred,
    ciLevel: confidence,
    reference: 'normal',
  } as const
  const result = accepted(nonInferiority(armOf(treatment), armOf(control), options))
  expectWithin(reference, { difference: result.estimate, ci_lower: result.ciLower })
  // The source asserts that neither is significant at 1 %.
  expect(result.pValue).toBeGreaterThan(0.01)
})

describe('bayes', () => {
  test('gb-bayes-mean: flat prior', () => {
    const reference = referenceCase('gb-bayes-mean')
    const { control, treatment } = reference.inputs
    const posterior = accepted(normalPosterior(accepted(relativeLift(armOf(treatment), armOf(control)))))
    expectWithin(reference, {
      estimate: posterior.estimate,
      chance_to_win: posterior.chanceToWin,
      risk_treatment: posterior.expectedLossTreatment,
    })
  })

  test('gb-bayes-mean-informative: normal prior', () => {
    const reference = referenceCase('gb-bayes-mean-informative')
    const { control, treatment, prior } = reference.inputs
    const lift = accepted(relativeLift(armOf(treatment), armOf(control)))
    const posterior = accepted(normalPosterior(lift, { prior }))
    expectWithin(reference, {
      estimate: posterior.estimate,
      ci: [posterior.ciLower, posterior.ciUpper],
      sd: posterior.stdError,
      chance_to_win: posterior.chanceToWin,
      risk_control: posterior.expectedLossControl,
      risk_treatment: posterior.expectedLossTreatment,
    })
  })

  test('gb-expected-loss', () => {
    const reference = referenceCase('gb-expected-loss')
    const losses = expectedLosses(reference.inputs.mu, reference.inputs.sigma)
    expectWithin(reference, {
      risk_control: losses.expectedLossControl,
      risk_treatment: losses.expectedLossTreatment,
    })
  })

  test('sc-beta-binomial', () => {
    const reference = referenceCase('sc-beta-binomial')
    const counts = ({ success, n }: { success: number; n: number }) => ({ successes: success, n })
    const posterior = accepted(
      betaBinomialPosterior(counts(reference.inputs.treatment), counts(reference.inputs.control)),
    )
    expectWithin(reference, {
      prob_treatment_better: posterior.chanceToWin,
      difference: posterior.estimate,
      treatment_ci95: posterior.treatmentInterval,
      control_ci95: posterior.controlInterval,
    })
    // The two losses differ by the mean difference, which is known exactly.
    expect(posterior.expectedLossControl - posterior.expectedLossTreatment).toBeCloseTo(
      posterior.estimate,
      12,
    )
  })
})

describe('multiplicity', () => {
  test.each([
    ['gb-holm', 'holm', 'adjusted'],
    ['gb-bh', 'benjamini_hochberg', 'adjusted'],
    ['tt-fdr', 'benjamini_hochberg', 'bh'],
    ['tt-fdr', 'benjamini_yekutieli', 'by'],
  ] as const)('%s: %s', (id, correction, field) => {
    const reference = referenceCase(id)
    expectWithin(reference, { [field]: accepted(adjustPValues(reference.inputs.p, correction)) })
  })

  test('Hommel is the closed test of Simes, found here by trying every subset', () => {
    const random = makeRandom(3)
    for (let round = 0; round < 50; round++) {
      const p = Array.from({ length: 5 }, () => random.uniform() ** 3)
      const subsets = Array.from({ length: 31 }, (_, bits) =>
        p.filter((_, index) => (bits + 1) & (1 << index)),
      )
      const simes = (set: readonly number[]) =>
        Math.min(...[...set].sort((a, b) => a - b).map((value, rank) => (value * set.length) / (rank + 1)))
      const closed = p.map((one) => Math.max(...subsets.filter((set) => set.includes(one)).map(simes)))
      const hommel = accepted(adjustPValues(p, 'hommel'))
      for (const [index, value] of closed.entries()) expect(hommel[index]).toBeCloseTo(value, 14)
    }
  })

  test('the corrections are ordered by their power', () => {
    const p = [0.01, 0.02, 0.022, 0.09, 0.6]
    const by = (correction: Correction) => accepted(adjustPValues(p, correction))
    for (let index = 0; index < p.length; index++) {
      expect(by('hommel')[index]).toBeLessThanOrEqual(by('hochberg')[index]!)
      expect(by('hochberg')[index]).toBeLessThanOrEqual(by('holm')[index]!)
      expect(by('hochberg_sidak')[index]).toBeLessThanOrEqual(by('hochberg')[index]!)
      expect(by('holm_sidak')[index]).toBeLessThanOrEqual(by('holm')[index]!)
    }
    expect(by('sidak')[0]).toBeCloseTo(1 - 0.99 ** 5, 14)
    expect(by('bonferroni')[0]).toBeCloseTo(0.05, 14)
  })

  test('no p-values and numbers that are none are refused', () => {
    expect(adjustPValues([], 'holm')).toHaveProperty('refused')
    expect(adjustPValues([0.1, Number.NaN], 'holm')).toHaveProperty('refused')
  })
})

describe('power', () => {
  test('gb-power-mean: relative lift, also sequential', () => {
    const reference = referenceCase('gb-power-mean')
    const { mean, variance, users_total, arms, effect, alpha } = reference.inputs
    const n = (2 * users_total) / arms
    const design = { mean, variance, alpha, scale: 'relative' } as const
    const sequential = { ...design, tuningUnits: 5000, sequentialPower: 'inflated_error' } as const
    expectWithin(reference, {
      power: experimentPower(design, effect, n) as number,
      mde_80: minimumDetectableEffect(design, 0.8, n) as number,
      power_sequential: experimentPower(sequential, effect, n) as number,
      mde_80_sequential: minimumDetectableEffect(sequential, 0.8, n) as number,
    })
  })

  test('tt-power: t test', () => {
    const reference = referenceCase('tt-power')
    const { sample, n_obs } = reference.inputs
    const { mean, variance } = momentsFromSums({
      n: sample.n,
      sum: sample.sums.orders,
      sumSquares: sample.sum_squares.orders,
    })
    const design = { mean, variance, reference: 't' } as const
    const detectable = minimumDetectableEffect(design, 0.8, n_obs) as number
    expectWithin(reference, {
      'power_greater_rel_0.1': experimentPower(
        { ...design, alternative: 'greater' },
        0.1 * mean,
        n_obs,
      ) as number,
      mde_abs_two_sided: detectable,
      mde_rel_two_sided: detectable / mean,
      mde_abs_less: minimumDetectableEffect({ ...design, alternative: 'less' }, 0.8, n_obs) as number,
      'n_obs_for_abs_0.05': requiredUnits(design, 0.05, 0.8) as number,
    })
  })

  test('gb-mid-experiment-power: how much more sample', () => {
    const reference = referenceCase('gb-mid-experiment-power')
    const { control, treatment, target_mde, target_power, alpha } = reference.inputs
    const lift = accepted(relativeLift(armOf(treatment), armOf(control)))
    const goal = { effect: target_mde, power: target_power, alpha }
    const n = control.n + treatment.n
    const factor = (extra: object) => additionalSampleFactor(lift, n, { ...goal, ...extra }) as number
    expectWithin(reference, {
      k_frequentist: factor({}),
      k_sequential: factor({ tuningUnits: reference.inputs.sequential_tuning_N }),
      k_bayesian: factor({ prior: reference.inputs.prior_for_bayes }),
      var_delta_now: lift.stdError ** 2,
    })
    expect(Math.abs(lift.stdError ** 2 - reference.expected.var_delta_now)).toBeLessThan(1e-12)
  })

  test('the units required have the power asked for, and one pair fewer has not', () => {
    const design = { variance: 2, reference: 't' } as const
    const n = requiredUnits(design, 0.3, 0.9) as number
    expect(experimentPower(design, 0.3, n)).toBeGreaterThanOrEqual(0.9)
    expect(experimentPower(design, 0.3, n - 1)).toBeLessThan(0.9)
  })
})

test('every reference case is tested', async () => {
  const { readFileSync, readdirSync } = await import('node:fs')
  const texts = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(`${import.meta.dirname}/${name}`, 'utf8'))
    .join('\n')
  expect(caseIds.filter((id) => !texts.includes(`'${id}'`))).toEqual([])
})

test('an arm is a refusal only when it says so', () => {
  const arm: ArmMoments = { n: 2, mean: 0, variance: 1 }
  expect(isRefused(arm)).toBe(false)
})
