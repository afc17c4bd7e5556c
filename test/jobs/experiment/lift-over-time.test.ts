import { describe, expect, test } from 'vitest'
import type { ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import { analyseExperiment } from '../../../src/jobs/experiment/analyse-experiment.ts'
import type { ExperimentCell } from '../../../src/jobs/experiment/cell.ts'
import { spendingBoundaries } from '../../../src/stats/index.ts'
import { accepted } from '../../stats/experiment/reference-cases.ts'
import { cellsOf, origin, revenue, sampleEvidence, sampleSpec, sampleUnits } from './sample-experiment.ts'

const goal = { ...revenue, minimumEffect: { relative: 0.02 } }

/** An experiment whose units come in over some days; what is known at the end of each. */
function overDays(
  days: number,
  perDay: number,
  own: { seed?: number; lift?: number } = {},
): ExperimentCell[] {
  return overDaysBySegment(days, perDay, own).filter(({ segmentName }) => segmentName === null)
}

function overDaysBySegment(
  days: number,
  perDay: number,
  own: { seed?: number; lift?: number } = {},
): ExperimentCell[] {
  const units = sampleUnits(days * perDay, own)
  return Array.from({ length: days }, (_, day) =>
    cellsOf(units.slice(0, (day + 1) * perDay), ['revenue']).map((cell) => ({
      ...cell,
      day: `2026-03-${String(day + 1).padStart(2, '0')}`,
    })),
  ).flat()
}

function analyse(cells: readonly ExperimentCell[], own: Partial<ExperimentSpec>) {
  const spec = sampleSpec({ outcomes: [goal], segments: [], methods: ['cuped'], ...own })
  return analyseExperiment(spec, sampleEvidence(cells), origin)
}

describe('effects over days', () => {
  test('shrink their intervals, and the last is the estimate', () => {
    const { days, estimates } = analyse(overDays(10, 100, { lift: 0.05 }), {})
    const own = days.filter(({ scale }) => scale === 'absolute')
    expect(own.map(({ day }) => day)).toEqual([...own.map(({ day }) => day)].sort())
    expect(own).toHaveLength(10)
    expect(own.at(-1)!.estimate).toBe(estimates.find(({ method }) => method === 'cuped')!.estimate)
    expect(own.at(-1)!.stdError!).toBeLessThan(own[0]!.stdError! / 2)
    expect(own.every(({ series, n }) => series === 'cumulative' && n! > 0)).toBe(true)
  })

  test('of a group-sequential plan are those of its looks', () => {
    const sequential = {
      kind: 'group_sequential',
      spending: 'obrien_fleming',
      looks: [0.5, 1],
      plannedUnits: 2000,
    } as const
    const methods = ['group_sequential'] as const
    const early = analyse(overDays(4, 100), { sequential, methods })
    expect(early.estimates.filter(({ method }) => method === 'group_sequential')).toMatchObject([
      { status: 'refused', reason: 'the first look is at 1000 units, and there are 400' },
      { status: 'refused' },
    ])
    const middle = analyse(overDays(15, 100, { lift: 0.05 }), { sequential, methods })
    const [found] = middle.estimates.filter(({ method }) => method === 'group_sequential')
    // Day 10 has the 1,000 units of the first look; those of days 11 to 15 wait.
    const [z] = accepted(spendingBoundaries([0.5], 0.025)).z
    expect(found!.diagnostics).toMatchObject({ look: 1, look_day: '2026-03-10', information: [0.5] })
    expect(found!.diagnostics.critical_value).toBeCloseTo(z!, 8)
    const dayTen = middle.days.find(
      ({ day, method, scale }) => day === '2026-03-10' && method === 'cuped' && scale === 'absolute',
    )
    expect(found!.estimate).toBe(dayTen!.estimate)
    expect(found!.pValue! <= 0.05).toBe(Math.abs(Number(found!.diagnostics.z)) >= z!)
  })

  test('of a group-sequential plan say on each day what its last look then said', () => {
    const sequential = {
      kind: 'group_sequential',
      spending: 'obrien_fleming',
      looks: [0.5, 1],
      plannedUnits: 1200,
    } as const
    const { days } = analyse(overDays(13, 100, { lift: 0.05 }), { sequential, methods: [] })
    const own = days.filter(({ method, scale }) => method === 'group_sequential' && scale === 'absolute')
    expect(own).toHaveLength(13)
    // The looks are on days 6 and 12; before the first there is nothing to say.
    expect(own.map(({ estimate }) => estimate === null)).toEqual(own.map((_, day) => day < 5))
    const [first, second] = accepted(spendingBoundaries([0.5, 1], 0.025)).z
    const halfWidths = own
      .slice(5)
      .map(({ ciLower, ciUpper, stdError }) => (ciUpper! - ciLower!) / 2 / stdError!)
    for (const [day, half] of halfWidths.entries()) expect(half).toBeCloseTo(day < 6 ? first! : second!, 8)
    expect(new Set(own.slice(5).map(({ estimate }) => estimate)).size).toBe(2)
  })

  test('of a group-sequential plan keep to their look in segments that came later or are known today only', () => {
    const sequential = {
      kind: 'group_sequential',
      spending: 'obrien_fleming',
      looks: [0.5, 1],
      plannedUnits: 1200,
    } as const
    // The looks are on days 6 and 12; de has its first units on day 8, and of se only day 13 is known.
    const cells = overDaysBySegment(13, 100, { lift: 0.05 }).filter(
      ({ segmentValue, day }) =>
        (segmentValue !== 'de' || day! >= '2026-03-08') && (segmentValue !== 'se' || day === '2026-03-13'),
    )
    const methods = ['group_sequential'] as const
    const { estimates } = analyse(cells, { sequential, methods, segments: ['country'] })
    const inSegment = (value: string) =>
      estimates.find((row) => row.method === 'group_sequential' && row.segmentValue === value)!
    const [, second] = accepted(spendingBoundaries([0.5, 1], 0.025)).z
    expect(inSegment('de').diagnostics).toMatchObject({ look: 2, look_day: '2026-03-12' })
    expect(inSegment('de').diagnostics.critical_value).toBeCloseTo(second!, 8)
    expect(inSegment('se')).toMatchObject({
      status: 'refused',
      reason: 'what these units had come to on 2026-03-12, the day of the last look, is not known',
    })
  })

  test('of a sequence never have a p-value above an earlier one, and end with that of the estimate', () => {
    const sequential = { kind: 'confidence_sequence', sides: 2, tuningUnits: 1000 } as const
    const methods = ['confidence_sequence'] as const
    const { days, estimates } = analyse(overDays(12, 100, { seed: 8, lift: 0.02 }), { sequential, methods })
    for (const scale of ['absolute', 'relative']) {
      const own = days.filter((row) => row.method === 'confidence_sequence' && row.scale === scale)
      const pValues = own.map(({ pValue }) => pValue!)
      expect(pValues).toEqual(pValues.map((_, day) => Math.min(...pValues.slice(0, day + 1))))
      const last = estimates.find((row) => row.method === 'confidence_sequence' && row.scale === scale)
      expect(own.at(-1)!.pValue).toBe(last!.pValue)
    }
  })

  test('are looked at every day: the fixed horizon errs too often, the sequence does not', () => {
    const replications = 250
    const count = { fixed: 0, sequence: 0 }
    const sequential = { kind: 'confidence_sequence', sides: 2, tuningUnits: 1000 } as const
    for (let seed = 1; seed <= replications; seed++) {
      const { days } = analyse(overDays(12, 80, { seed }), { sequential, methods: [] })
      const own = days.filter(({ scale }) => scale === 'absolute')
      const everBelow = (method: string) =>
        own.some((row) => row.method === method && row.pValue !== null && row.pValue < 0.05)
      if (everBelow('cuped')) count.fixed++
      if (everBelow('confidence_sequence')) count.sequence++
    }
    expect(count.fixed / replications).toBeGreaterThan(0.12)
    expect(count.sequence / replications).toBeLessThan(0.05 + 4 * Math.sqrt((0.05 * 0.95) / replications))
  })
})

describe('a holdout', () => {
  test('is what all other arms together are compared with', () => {
    const units = sampleUnits(3000, { lift: 0.05, arms: ['control', 'treatment', 'held'] })
    const { estimates } = analyseExperiment(
      sampleSpec({
        holdout: 'held',
        outcomes: [goal],
        methods: ['cuped'],
        segments: [],
        expectedWeights: { control: 1, treatment: 1, held: 1 },
      }),
      sampleEvidence(cellsOf(units, ['revenue'])),
      origin,
    )
    const held = estimates.filter(({ comparison }) => comparison === 'held')
    expect(held).toMatchObject([
      { treatment: 'control + treatment', scale: 'absolute', method: 'cuped', n: 3000, nTreated: 2000 },
      { scale: 'relative', method: 'cuped_relative' },
    ])
    // Treatment and holdout are both 5 % up here, so that the holdout is above the mean of the two others.
    expect(held[0]!.ciUpper).toBeLessThan(0)
  })
})
