import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as d from '../../../src/stats/distributions/index.ts'

// 300 values computed with mpmath at 50 digits: [what, distribution, parameters, argument, value].
type Case = [what: string, distribution: string, parameters: number[], argument: number, value: string]
const file = new URL('../../reference/special_functions.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }

type Call = (x: number, ...parameters: number[]) => number
const functions: Record<string, { cdf: Call; sf: Call; q: Call }> = {
  normal: { cdf: d.normalCdf, sf: d.normalSf, q: d.normalQuantile },
  t: { cdf: d.studentTCdf as Call, sf: d.studentTSf as Call, q: d.studentTQuantile as Call },
  chisquare: { cdf: d.chiSquareCdf as Call, sf: d.chiSquareSf as Call, q: d.chiSquareQuantile as Call },
  f: { cdf: d.fCdf as Call, sf: d.fSf as Call, q: d.fQuantile as Call },
  gamma: { cdf: d.gammaCdf as Call, sf: d.gammaSf as Call, q: d.gammaQuantile as Call },
  beta: { cdf: d.betaCdf as Call, sf: d.betaSf as Call, q: d.betaQuantile as Call },
  poisson: { cdf: d.poissonCdf as Call, sf: d.poissonSf as Call, q: d.poissonQuantile as Call },
  negbinomial: {
    cdf: d.negativeBinomialCdf as Call,
    sf: d.negativeBinomialSf as Call,
    q: d.negativeBinomialQuantile as Call,
  },
}

describe.each(Object.keys(functions))('%s', (name) => {
  const own = cases.filter(([, distribution]) => distribution === name)

  test.each(own)('%s %s %j at %d is %s', (what, distribution, parameters, argument, value) => {
    const expected = Number(value)
    const got = functions[distribution]![what as 'cdf' | 'q'](argument, ...parameters)
    // The smallest doubles are 5e-324 apart, so below 1e-307 no relative precision can be had.
    expect(Math.abs(got - expected)).toBeLessThanOrEqual(1e-11 * Math.abs(expected) + 5e-324)
  })

  test('the two tails sum to one', () => {
    for (const [what, , parameters, argument] of own) {
      if (what !== 'cdf') continue
      const { cdf, sf } = functions[name]!
      expect(cdf(argument, ...parameters) + sf(argument, ...parameters)).toBeCloseTo(1, 13)
    }
  })
})

test('every distribution of the reference is covered', () => {
  expect(new Set(cases.map(([, distribution]) => distribution))).toEqual(new Set(Object.keys(functions)))
})
