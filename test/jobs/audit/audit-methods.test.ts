import { describe, expect, test } from 'vitest'
import type { Estimate } from '../../../src/core/estimate.ts'
import type { DayRow } from '../../../src/core/experiment-tables.ts'
import { type Analyse, auditMethods } from '../../../src/jobs/audit/audit-methods.ts'
import { drawReplication, type ReplicationPlan } from '../../../src/jobs/audit/draw-replication.ts'
import { mean, type Population } from '../../../src/jobs/audit/population.ts'
import { replicationCells } from '../../../src/jobs/audit/replication-cells.ts'
import type { ExperimentCell } from '../../../src/jobs/experiment/cell.ts'
import {
  asymptoticConfidenceSequence,
  differenceInMeans,
  isRefused,
  jointMomentsOf,
  makeRandom,
} from '../../../src/stats/index.ts'

const days = Array.from({ length: 10 }, (_, day) => `2026-01-${String(day + 1).padStart(2, '0')}`)

/** Spending, skewed and with many zeros, a share of buyers, and a ratio. */
function makePopulation(units = 2000): Population {
  const random = makeRandom(7)
  const spend = new Float64Array(units)
  const before = new Float64Array(units)
  const exposedDay = new Int32Array(units)
  for (let unit = 0; unit < units; unit++) {
    before[unit] = random.lognormal(1, 1)
    spend[unit] = random.bernoulli(0.4) ? before[unit]! * random.lognormal(0, 0.3) : 0
    exposedDay[unit] = random.int(days.length)
  }
  const bought = spend.map((value) => (value > 0 ? 1 : 0))
  return {
    units,
    days,
    exposedDay,
    outcomes: [
      { name: 'spend', kind: 'mean', variables: ['y', 'x1'], values: [spend, before] },
      { name: 'buyers', kind: 'proportion', variables: ['y'], values: [bought] },
      { name: 'per_unit', kind: 'ratio', variables: ['y', 'd'], values: [spend, before] },
    ],
  }
}

const population = makePopulation()
const plan = {
  seed: 12,
  arms: [
    { name: 'control', share: 1 },
    { name: 'treatment', share: 1 },
  ],
}

/** Welch at the end; and every day Welch as if it were the end, beside a confidence sequence. */
const analyse: Analyse = (replication) => {
  const cells = replicationCells(population, replication)
  const armsOf = (outcome: string, day: string) => {
    const of = (arm: string): ExperimentCell =>
      cells.find((cell) => cell.outcome === outcome && cell.day === day && cell.arm === arm)!
    const moments = (cell: ExperimentCell) => ({
      ...{ n: cell.units, mean: cell.outcomeMoments.means[0]! },
      variance: cell.outcomeMoments.covariances[0]![0]!,
    })
    return [moments(of('treatment')), moments(of('control'))] as const
  }
  const rowOf = (outcome: string, day: string) => {
    const fit = differenceInMeans(...armsOf(outcome, day))
    if (isRefused(fit)) throw new Error(fit.refused)
    return fit
  }
  const shared = { ...{ job: '', runId: '', asOf: '', treatment: 'treatment', comparison: 'control' } }
  const estimates = ['spend', 'buyers'].map((outcome): Estimate => {
    const { estimate, stdError, ciLower, ciUpper, pValue } = rowOf(outcome, days.at(-1)!)
    return {
      ...shared,
      ...{ estimand: 'ate', outcome, segmentName: null, segmentValue: null, method: 'difference_in_means' },
      ...{ scale: 'absolute', estimate, stdError, ciLower, ciUpper, ciLevel: 0.95, ciKind: 'fixed_horizon' },
      ...{ pValue, pValueAdjusted: null, n: 0, nTreated: 0, diagnostics: {}, status: 'ok', reason: null },
    }
  })
  const looks = days.flatMap((day): DayRow[] => {
    const [treatment, control] = armsOf('spend', day)
    const fit = rowOf('spend', day)
    const n = treatment.n + control.n
    const sequence = asymptoticConfidenceSequence(fit, n, { tuningUnits: 1000 })
    if (isRefused(sequence)) throw new Error(sequence.refused)
    return [fit, sequence].map((one, index) => ({
      ...shared,
      ...{ series: 'cumulative', day, daysSinceExposure: null, outcome: 'spend', scale: 'absolute' },
      ...{ method: index === 0 ? 'difference_in_means' : 'confidence_sequence', ciLevel: 0.95 },
      ...{ ciKind: index === 0 ? 'fixed_horizon' : 'always_valid', pValue: null, n, nTreated: treatment.n },
      ...{ estimate: fit.estimate, stdError: fit.stdError, ciLower: one.ciLower, ciUpper: one.ciUpper },
    }))
  })
  return { estimates, days: looks }
}

function cellsOf(replication: ReplicationPlan): ExperimentCell[] {
  return replicationCells(population, drawReplication(population, replication))
}

describe('a replication', () => {
  test('is that of its seed and number, and of no other', () => {
    const draw = (replication: number) => drawReplication(population, { ...plan, replication, lift: 0 })
    expect(draw(3)).toEqual(draw(3))
    expect(draw(3)).not.toEqual(draw(4))
  })

  test('has cells that are cumulative and whole at the end', () => {
    const cells = cellsOf({ ...plan, replication: 0, lift: 0 })
    const unitsOn = (day: string): number =>
      cells
        .filter((cell) => cell.outcome === 'spend' && cell.day === day)
        .reduce((sum, { units }) => sum + units, 0)
    const counts = days.map(unitsOn)
    expect(counts.at(-1)).toBe(population.units)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(cells).toHaveLength(days.length * 2 * 3)
  })

  test('has the moments of the units drawn, also far from zero', () => {
    // One unit only, so that every draw is known: its moments are its values, and do not vary.
    const values = [Float64Array.of(1e6, 1e6, 1e6 + 1), Float64Array.of(2, 2, 2)]
    const small: Population = {
      ...{ units: 3, days: [days[0]!], exposedDay: new Int32Array(3) },
      outcomes: [{ name: 'y', kind: 'mean', variables: ['y', 'x1'], values }],
    }
    const drawn = drawReplication(small, {
      ...{ seed: 1, replication: 0, lift: 0 },
      arms: [
        { name: 'control', share: 1 },
        { name: 'treatment', share: 0 },
      ],
    })
    const [control] = replicationCells(small, drawn)
    expect(control!.units).toBe(3)
    const drawnTops = Math.round((control!.moments.means[0]! - 1e6) * 3)
    const expected = jointMomentsOf(
      Array.from({ length: 3 }, (_, index) => 1e6 + (index < drawnTops ? 1 : 0)),
      [2, 2, 2],
    )
    expect(control!.moments.means[0]).toBeCloseTo(expected.means[0]!, 9)
    expect(control!.moments.covariances[0]![0]).toBeCloseTo(expected.covariances[0]![0]!, 9)
    expect(control!.moments.covariances[0]![1]).toBeCloseTo(0, 9)
  })

  test.each([0.2, -0.3])('multiplies the treated means by 1 + %d', (lift) => {
    const sums = new Map<string, number>()
    const replications = 60
    for (let replication = 0; replication < replications; replication++)
      for (const cell of cellsOf({ ...plan, replication, lift }))
        if (cell.day === days.at(-1)) {
          const key = `${cell.outcome} ${cell.arm}`
          const [y, d] = cell.outcomeMoments.means
          sums.set(key, (sums.get(key) ?? 0) + (cell.outcome === 'per_unit' ? y! / d! : y!) / replications)
        }
    for (const { name } of population.outcomes)
      expect(sums.get(`${name} treatment`)! / sums.get(`${name} control`)!).toBeCloseTo(1 + lift, 1)
  })
})

describe('an audit', () => {
  const replications = 600
  const audit = auditMethods(population, { ...plan, replications, lifts: [0, 0.3], ciLevel: 0.95 }, analyse)
  const of = (outcome: string, lift: number) =>
    audit.methods.find((method) => method.outcome === outcome && method.lift === lift)!

  test('finds that Welch covers, is unbiased and errs as often as its level says', () => {
    for (const outcome of ['spend', 'buyers'])
      for (const lift of [0, 0.3]) {
        const { coverage, bias, replications: counted } = of(outcome, lift)
        expect(counted).toBe(replications)
        expect(Math.abs(coverage.value - 0.95)).toBeLessThan(4 * coverage.error)
        expect(Math.abs(bias.value)).toBeLessThan(4 * bias.error)
      }
    const { rejection } = of('spend', 0)
    expect(Math.abs(rejection.value - 0.05)).toBeLessThan(4 * rejection.error)
  })

  test('knows the truth, and has power where there is an effect', () => {
    expect(of('spend', 0.3).truth).toBeCloseTo(0.3 * mean(population.outcomes[0]!.values[0]!), 12)
    expect(of('buyers', 0.3).rejection.value).toBeGreaterThan(0.9)
  })

  test('finds that looking every day inflates a fixed horizon, and that a confidence sequence holds', () => {
    const peekingOf = (method: string) => audit.peeking.find((row) => row.method === method)!
    const fixed = peekingOf('difference_in_means')
    const sequence = peekingOf('confidence_sequence')
    expect(fixed.looks).toBe(days.length)
    expect(fixed.rejection.value).toBeGreaterThan(0.1)
    expect(sequence.rejection.value).toBeLessThan(0.05 + 3 * sequence.rejection.error)
  })
})
