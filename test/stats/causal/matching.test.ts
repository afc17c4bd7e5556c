import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Matching,
  type MatchingOptions,
  type MatchingOrder,
  matchNearest,
} from '../../../src/stats/causal/matching.ts'
import { treatedUnits } from '../../../src/stats/causal/units.ts'
import { isRefused } from '../../../src/stats/refusal.ts'
import { fitBinary } from '../../../src/stats/regression/binary-regression.ts'
import { hasReferenceData } from '../../reference-data.ts'
import { readColumns, readResults } from './published.ts'

const hasData = hasReferenceData()

function pairsOf({ size, treated, control, distance }: Matching) {
  return Array.from({ length: size }, (_, pair) => ({
    treated: treated[pair]!,
    control: control[pair]!,
    distance: distance[pair]!,
  }))
}

/** Every control looked at for every treated unit: slow and plain. */
function matchPlainly(
  score: Float64Array,
  treatment: Uint8Array,
  { ratio = 1, replacement = false, caliper = Infinity, strata, order = 'largest' }: MatchingOptions,
) {
  const units = [...treatment.keys()].filter((unit) => treatment[unit] === 1)
  if (order === 'largest') units.sort((a, b) => score[b]! - score[a]! || a - b)
  if (order === 'smallest') units.sort((a, b) => score[a]! - score[b]! || a - b)
  const used = new Set<number>()
  const pairs: { treated: number; control: number; distance: number }[] = []
  const nearestOf = (treated: number, round: number) => {
    const own = pairs.filter((pair) => pair.treated === treated)
    if (own.length !== round) return undefined
    let best: { control: number; distance: number } | undefined
    for (const control of treatment.keys()) {
      if (treatment[control] !== 0 || used.has(control)) continue
      if (strata && strata[control] !== strata[treated]) continue
      if (own.some((pair) => pair.control === control)) continue
      const distance = Math.abs(score[treated]! - score[control]!)
      if (distance <= caliper && (!best || distance < best.distance)) best = { control, distance }
    }
    return best
  }
  const take = (treated: number, best: { control: number; distance: number }): void => {
    pairs.push({ treated, ...best })
    if (!replacement) used.add(best.control)
  }
  for (let round = 0; round < ratio; round++) {
    if (!replacement && (order === 'closest' || order === 'farthest')) {
      const sign = order === 'closest' ? 1 : -1
      for (;;) {
        const offers = units.flatMap((treated) => {
          const best = nearestOf(treated, round)
          return best ? [{ treated, best }] : []
        })
        const [first] = offers.sort(
          (a, b) => sign * (a.best.distance - b.best.distance) || a.treated - b.treated,
        )
        if (!first) break
        take(first.treated, first.best)
      }
      continue
    }
    for (const treated of units) {
      const best = nearestOf(treated, round)
      if (best) take(treated, best)
    }
  }
  return pairs
}

describe('nearest neighbours', () => {
  test('are those that looking at every pair finds', () => {
    const units = fc.array(
      fc.record({ score: fc.integer({ min: 0, max: 8 }), treated: fc.boolean(), stratum: fc.nat(1) }),
      { maxLength: 25 },
    )
    const options = fc.record({
      ratio: fc.integer({ min: 1, max: 3 }),
      replacement: fc.boolean(),
      caliper: fc.constantFrom(Infinity, 2, 1),
      order: fc.constantFrom<MatchingOrder>('largest', 'smallest', 'closest', 'farthest', 'data'),
      exact: fc.boolean(),
    })
    fc.assert(
      fc.property(units, options, (rows, { exact, ...rest }) => {
        // Halves and quarters are exact, so that ties are ties.
        const score = Float64Array.from(rows, (row) => row.score / 4)
        const treatment = Uint8Array.from(rows, (row) => (row.treated ? 1 : 0))
        const given = exact ? { ...rest, strata: Int32Array.from(rows, (row) => row.stratum) } : rest
        const matching = matchNearest(score, treatment, given)
        const pairs = pairsOf(matching)
        expect(pairs).toEqual(matchPlainly(score, treatment, given))
        const matched = new Set(pairs.map((pair) => pair.treated))
        expect([...matching.unmatched]).toEqual(
          [...treatment.keys()].filter((unit) => treatment[unit] === 1 && !matched.has(unit)),
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('in random order are those of their seed', () => {
    const score = Float64Array.from({ length: 60 }, (_, unit) => (unit * 37) % 60)
    const treatment = Uint8Array.from({ length: 60 }, (_, unit) => unit % 2)
    const match = (seed: number) => matchNearest(score, treatment, { order: 'random', seed })
    expect(match(1)).toEqual(match(1))
    expect(match(1)).not.toEqual(match(2))
  })
})

describe.runIf(hasData)('the job training of LaLonde, as MatchIt matches it', () => {
  const { column, says } = readColumns('lalonde_matchit')
  const covariates = [
    ...['age', 'educ'].map(column),
    ...['black', 'hispan'].map((race) => says('race', race)),
    ...['married', 'nodegree', 're74', 're75'].map(column),
  ]
  const units = treatedUnits(Uint8Array.from(column('treat')), column('re78'), covariates)
  const propensity = fitBinary(units.propensityDesign, units.treatment)
  if (isRefused(propensity)) throw new Error(propensity.refused)
  const reference = readResults('lalonde_matchit').computed.python.greedy_matching_python

  const logit = propensity.probabilities.map((e) => Math.log(e / (1 - e)))
  const onScore = (options: MatchingOptions) =>
    matchNearest(propensity.probabilities, units.treatment, options)
  const caliper = (name: string): { caliper: number } => ({ caliper: reference[name].caliper_width })

  test.each<[string, (name: string) => ReturnType<typeof matchNearest>]>([
    ['nn_1to1_noreplace_largest', () => onScore({ order: 'largest' })],
    ['nn_1to1_noreplace_smallest', () => onScore({ order: 'smallest' })],
    ['nn_1to1_noreplace_data_order', () => onScore({ order: 'data' })],
    ['nn_1to1_replace', () => onScore({ replacement: true })],
    ['nn_2to1_noreplace', () => onScore({ ratio: 2 })],
    [
      'nn_1to1_exact_race',
      () =>
        onScore({
          strata: Int32Array.from(says('race', 'black'), (black, unit) => black + 2 * covariates[3]![unit]!),
        }),
    ],
    ['nn_1to1_caliper0.2sd_ps', (name) => onScore(caliper(name))],
    ['nn_1to1_caliper0.1sd_ps', (name) => onScore(caliper(name))],
    ['nn_1to1_caliper0.2sd_ps_data_order', (name) => onScore({ ...caliper(name), order: 'data' })],
    ['nn_1to1_replace_caliper0.2sd_ps', (name) => onScore({ ...caliper(name), replacement: true })],
    ['nn_1to1_caliper0.2sd_logit', (name) => matchNearest(logit, units.treatment, caliper(name))],
    ['nn_1to1_noreplace_logit', () => matchNearest(logit, units.treatment)],
  ])('%s', (name, match) => {
    const wanted = reference[name]
    const pairs = pairsOf(match(name))
    const controlsOf = new Map<number, number[]>()
    for (const { treated, control } of pairs)
      controlsOf.set(treated, [...(controlsOf.get(treated) ?? []), control + 1])
    expect(controlsOf.size).toBe(wanted.n_treated_matched)
    expect(new Set(pairs.map(({ control }) => control)).size).toBe(wanted.n_controls_used)
    for (const [row, controls] of wanted.first5_pairs_row_1based)
      expect(controlsOf.get(row - 1) ?? []).toEqual(controls)
    const lifts = [...controlsOf].map(
      ([treated, controls]) =>
        units.outcome[treated]! -
        controls.reduce((sum, control) => sum + units.outcome[control - 1]!, 0) / controls.length,
    )
    expect(lifts.reduce((sum, lift) => sum + lift, 0) / lifts.length).toBeCloseTo(wanted.att, 6)
  })
})
