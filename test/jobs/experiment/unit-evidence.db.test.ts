import { beforeAll, describe, expect, test } from 'vitest'
import type { ExperimentOutcome, ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import type { JobNode } from '../../../src/core/node.ts'
import { analyseExperiment } from '../../../src/jobs/experiment/analyse-experiment.ts'
import type { ExperimentCell } from '../../../src/jobs/experiment/cell.ts'
import { clusteredSpec } from '../../../src/jobs/experiment/clustered-spec.ts'
import type { TextColumn } from '../../../src/jobs/experiment/data/binary-rows.ts'
import { indexCells } from '../../../src/jobs/experiment/data/cell-index.ts'
import type { Evidence } from '../../../src/jobs/experiment/data/evidence.ts'
import { fetchUnitEvidence } from '../../../src/jobs/experiment/data/fetch-unit-evidence.ts'
import { resampleScopes } from '../../../src/jobs/experiment/data/scope-rows.ts'
import type { UnitRows } from '../../../src/jobs/experiment/data/unit-rows.ts'
import { jointMomentsOf, makeRandom } from '../../../src/stats/index.ts'
import { sql, unsafeSql } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../../warehouse/test-database.ts'
import { converted, origin, sampleSpec } from './sample-experiment.ts'

/** The same units, read from the end. */
function reversed(rows: UnitRows): UnitRows {
  const turn = <T extends Float64Array | Int32Array>(values: T): T => values.toReversed() as T
  const text = (column: TextColumn): TextColumn => ({ ...column, codes: turn(column.codes as Int32Array) })
  return {
    ...rows,
    arms: text(rows.arms),
    keys: turn(rows.keys as Float64Array),
    variables: new Map(
      [...rows.variables].map(([name, all]) => [name, all.map((one) => turn(one as Float64Array))]),
    ),
    covariates: rows.covariates.map((one) => turn(one as Float64Array)),
    segments: new Map([...rows.segments].map(([name, column]) => [name, text(column)])),
    cluster: rows.cluster && text(rows.cluster),
  }
}

interface Row {
  readonly user_id: number
  readonly arm: string
  readonly country: string | null
  readonly store: number
  readonly revenue: number | null
  readonly orders: number | null
  readonly before: number | null
  readonly visits_before: number
  readonly orders_before: number
  readonly converted: boolean
}

const columns: readonly (readonly [keyof Row, string])[] = [
  ['user_id', 'bigint'],
  ['arm', 'text'],
  ['country', 'text'],
  ['store', 'int'],
  ['revenue', 'numeric'],
  ['orders', 'int'],
  ['before', 'float8'],
  ['visits_before', 'int'],
  ['orders_before', 'int'],
  ['converted', 'boolean'],
]

/** Units whose revenue is far from zero, which plain sums of squares would not survive. */
function makeRows(n: number): Row[] {
  const random = makeRandom(11)
  return Array.from({ length: n }, (_, user_id) => {
    const before = 1e7 + 5 * random.normal()
    const revenue = Number((before + (user_id % 2) + 3 * random.normal()).toFixed(4))
    const country = random.bernoulli(0.05) ? null : random.bernoulli(0.5) ? 'se' : 'de'
    return {
      user_id,
      arm: user_id % 2 ? 'treatment' : 'control',
      country,
      // Units of both arms: they were given their arms one by one.
      store: (user_id >> 1) % 60,
      revenue: random.bernoulli(0.02) ? null : revenue,
      orders: random.poisson(2) + 1,
      before: random.bernoulli(0.1) ? null : before,
      visits_before: random.poisson(4),
      orders_before: random.poisson(2) + 1,
      converted: random.bernoulli(0.3),
    }
  })
}

const mean = (own: Partial<ExperimentOutcome>): ExperimentOutcome => ({
  name: 'revenue',
  description: '',
  role: 'goal',
  better: 'higher',
  source: { from: 'columns', kind: 'mean', column: 'revenue' },
  covariates: ['before', 'visits_before'],
  ...own,
})
const outcomes: readonly ExperimentOutcome[] = [
  mean({}),
  mean({ name: 'single', covariates: ['before'] }),
  mean({ name: 'capped', covariates: [], cap: { upperQuantile: 0.9, lower: 1e7 } }),
  mean({
    name: 'per_order',
    source: { from: 'columns', kind: 'ratio', numerator: 'revenue', denominator: 'orders' },
    covariates: ['before', 'orders_before'],
  }),
  { ...converted, margin: { absolute: 0.1 } },
  mean({
    name: 'median',
    role: 'secondary',
    source: { from: 'columns', kind: 'quantile', column: 'revenue', quantile: 0.5 },
    covariates: [],
  }),
]

describe('units of a relation', () => {
  const warehouse = useWarehouse()
  const rows = makeRows(3000)
  const spec: ExperimentSpec = sampleSpec({
    outcomes,
    strata: ['country'],
    cluster: 'store',
    methods: [
      'difference_in_means',
      'cuped',
      'cupac',
      'regression_adjustment',
      'post_stratified',
      'quantile_difference',
      'cluster_robust',
      'non_inferiority',
      'permutation_test',
      'partial_pooling',
      'bootstrap',
    ],
    health: (
      ['crossovers', 'missing_outcomes', 'outlier_influence', 'bot_like_units', 'pre_period_balance'] as const
    ).map((check) => ({ check, critical: false, threshold: 0.01 })),
  })
  let evidence: Evidence

  const fetch = (own: ExperimentSpec) =>
    warehouse().withSession((session) =>
      fetchUnitEvidence(own, own.data as Extract<ExperimentSpec['data'], { kind: 'units' }>, {
        session,
        relationOf: () => ({ database: 'd', schema: 'public', identifier: 'units' }) as never,
        job: { name: 'trial', place: undefined } as unknown as JobNode,
      }),
    )

  beforeAll(async () => {
    await warehouse().query(
      unsafeSql(`create table public.units (${columns.map(([name, type]) => `${name} ${type}`).join(', ')})`),
    )
    await warehouse().query(sql`
      insert into public.units select * from jsonb_populate_recordset(null::public.units, ${JSON.stringify(rows)}::jsonb)`)
    evidence = await fetch(spec)
  })

  const cellOf = (outcome: string, own: Partial<ExperimentCell>): ExperimentCell => {
    const wanted = { outcome, segmentName: null, segmentValue: null, stratum: null, ...own }
    const found = evidence.cells.filter((cell) =>
      Object.entries(wanted).every(([key, value]) => cell[key as keyof ExperimentCell] === value),
    )
    expect(found).toHaveLength(1)
    return found[0]!
  }

  /** Sums of squares of numbers around 1e7 keep some six digits of their spread at best; these keep nine. */
  const expectMoments = (found: ExperimentCell['moments'], expected: readonly (readonly number[])[]) => {
    const { n, means, covariances } = jointMomentsOf(...expected)
    expect(found.n).toBe(n)
    for (const [i, value] of means.entries()) expect(found.means[i]! / value).toBeCloseTo(1, 9)
    for (const [i, row] of covariances.entries())
      for (const [j, value] of row.entries()) {
        const scale = Math.sqrt(covariances[i]![i]! * covariances[j]![j]!)
        expect((found.covariances[i]![j]! - value) / scale).toBeCloseTo(0, 6)
      }
  }

  test('come to the joint moments of outcomes and covariates that are known', () => {
    for (const country of [null, 'se']) {
      const own = rows.filter(
        (row) => row.arm === 'treatment' && (country === null || row.country === country),
      )
      const place = { arm: 'treatment', ...(country && { segmentName: 'country', segmentValue: country }) }
      const cell = cellOf('revenue', place)
      const known = own.filter((row) => row.revenue !== null)
      const complete = known.filter((row) => row.before !== null)
      expect(cell).toMatchObject({ units: own.length, missing: own.length - known.length })
      expectMoments(cell.outcomeMoments, [known.map((row) => row.revenue!)])
      const three = ['revenue', 'before', 'visits_before'] as const
      expectMoments(
        cell.moments,
        three.map((name) => complete.map((row) => row[name]!)),
      )
      expectMoments(
        cellOf('single', place).moments,
        three.slice(0, 2).map((name) => complete.map((row) => row[name]!)),
      )
      const ratio = cellOf('per_order', place)
      expect(ratio.variables).toEqual(['y', 'd', 'x1', 'xd1'])
      const four = ['revenue', 'orders', 'before', 'orders_before'] as const
      expectMoments(
        ratio.moments,
        four.map((name) => complete.map((row) => row[name]!)),
      )
    }
  })

  test('are cut at a number and at a quantile of all arms', () => {
    const values = rows.flatMap(({ revenue }) => revenue ?? []).sort((a, b) => a - b)
    const at = 0.9 * (values.length - 1)
    const bound = values[Math.floor(at)]! + (at % 1) * (values[Math.ceil(at)]! - values[Math.floor(at)]!)
    const own = rows.flatMap(({ arm, revenue }) =>
      arm === 'control' && revenue !== null ? [Math.max(1e7, Math.min(bound, revenue))] : [],
    )
    expectMoments(cellOf('capped', { arm: 'control' }).outcomeMoments, [own])
  })

  test('are told apart by stratum, with one for what is not known', () => {
    const strata = [...new Set(evidence.cells.flatMap(({ stratum }) => stratum ?? []))].sort()
    expect(strata).toEqual(['de', 'null', 'se'])
    const cell = cellOf('converted', { arm: 'control', stratum: 'null' })
    expect(cell.units).toBe(rows.filter(({ arm, country }) => arm === 'control' && country === null).length)
  })

  test('give an estimate by every method, and no check goes without an answer', () => {
    const { estimates, health } = analyseExperiment(spec, evidence, origin)
    const refused = estimates.filter(({ status }) => status === 'refused')
    expect(refused.map(({ method, outcome, reason }) => [method, outcome, reason])).toEqual(
      refused
        .filter(({ outcome }) => outcome === 'per_order')
        .map((row) => [row.method, row.outcome, row.reason]),
    )
    expect(new Set(estimates.filter(({ status }) => status === 'ok').map(({ method }) => method))).toEqual(
      new Set([...spec.methods, 'cochran_q']),
    )
    const effect = (method: string, outcome = 'revenue') =>
      estimates.find(
        (row) =>
          row.method === method &&
          row.outcome === outcome &&
          row.segmentName === null &&
          row.scale === 'absolute',
      )!
    for (const method of ['difference_in_means', 'cuped', 'cupac', 'regression_adjustment', 'cluster_robust'])
      expect(Math.abs(effect(method).estimate! - 1), method).toBeLessThan(4 * effect(method).stdError!)
    expect(Math.abs(effect('quantile_difference', 'median').estimate! - 1)).toBeLessThan(
      4 * effect('quantile_difference', 'median').stdError!,
    )
    // Covariates explain most of the spread, to all who look at them.
    for (const method of ['cuped', 'cupac', 'regression_adjustment'])
      expect(effect(method).stdError! / effect('difference_in_means').stdError!).toBeLessThan(0.7)
    expect(health.filter(({ verdict }) => verdict === 'not_evaluated')).toEqual([])
    expect(health.find(({ checkName }) => checkName === 'crossovers')).toMatchObject({
      verdict: 'ok',
      observed: 0,
    })
  })

  test('are exchanged at random in the order of their keys, and say about what Welch says', () => {
    const own = {
      ...spec,
      outcomes: outcomes.slice(4, 5),
      methods: ['permutation_test', 'proportion_z_test'] as const,
    }
    const of = (found: Evidence) =>
      analyseExperiment(own, found, origin).estimates.filter(({ segmentName }) => segmentName === null)
    const estimates = of(evidence)
    const [permuted, welch] = ['permutation_test', 'proportion_z_test'].map(
      (name) => estimates.find(({ method }) => method === name)!,
    )
    expect(permuted).toMatchObject({ ciKind: null, ciLower: null, stdError: null, status: 'ok' })
    expect(permuted!.estimate).toBeCloseTo(welch!.estimate!, 12)
    const error = Number(permuted!.diagnostics.p_value_error)
    expect(Math.abs(permuted!.pValue! - welch!.pValue!)).toBeLessThan(4 * error + 0.01)
    const backwards = reversed(evidence.rows!)
    expect(
      of({ ...evidence, rows: backwards }).find(({ method }) => method === 'permutation_test')!.pValue,
    ).toBe(permuted!.pValue)
  })

  test('of segments are drawn towards the effect on all', () => {
    const { estimates } = analyseExperiment(spec, evidence, origin)
    const pooled = estimates.filter(
      (row) => row.method === 'partial_pooling' && row.outcome === 'revenue' && row.scale === 'absolute',
    )
    expect(pooled.map(({ segmentValue }) => segmentValue).toSorted()).toEqual(['de', 'se', null].toSorted())
    const own = pooled.map(({ diagnostics }) => Number(diagnostics.own_estimate))
    const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values)
    expect(spread(pooled.map(({ estimate }) => estimate!))).toBeLessThan(spread(own))
    for (const { diagnostics, ciKind, pValue } of pooled) {
      expect(Number(diagnostics.shrinkage)).toBeGreaterThan(0)
      expect({ ciKind, pValue }).toEqual({ ciKind: 'credible', pValue: null })
    }
  })

  test('are resampled on several threads to the same digits', async () => {
    const own = { ...spec, methods: ['bootstrap'] as const }
    const { scopes } = indexCells(evidence.cells)
    const replicates = await resampleScopes(own, evidence.rows!, scopes, 2)
    expect(replicates.size).toBe(scopes.length)
    expect(analyseExperiment(own, { ...evidence, replicates }, origin).estimates).toEqual(
      analyseExperiment(own, evidence, origin).estimates,
    )
  })

  test('are crossed with the arms that they have in another experiment', async () => {
    // Who is treated in both spends one more than both treatments bring; unit 1 is in both arms there, some in none.
    await warehouse().query(sql`
      create table public.others as
      select user_id as id, case when user_id % 3 = 0 then 'new' else 'old' end as side from public.units where user_id % 10 < 9
      union all select 1, 'new'`)
    const crossed: ExperimentSpec = {
      ...spec,
      outcomes: [mean({ covariates: [] })],
      methods: ['difference_in_means'],
      segments: [],
      strata: [],
      interactions: [
        {
          ...{ experiment: 'side_test', control: 'old', treatments: ['new'] },
          units: { ref: 'others', unit: 'id', arm: 'side' },
        },
      ],
    }
    await warehouse().query(sql`
      update public.units set revenue = revenue + 4 where user_id % 3 = 0 and user_id % 2 = 1`)
    const found = await warehouse().withSession((session) =>
      fetchUnitEvidence(crossed, crossed.data as Extract<ExperimentSpec['data'], { kind: 'units' }>, {
        session,
        relationOf: (ref) =>
          ({ database: 'd', schema: 'public', identifier: ref === 'others' ? ref : 'units' }) as never,
        job: { name: 'trial', place: undefined } as unknown as JobNode,
      }),
    )
    await warehouse().query(sql`
      update public.units set revenue = revenue - 4 where user_id % 3 = 0 and user_id % 2 = 1`)
    const { estimates } = analyseExperiment(crossed, found, origin)
    const contrast = estimates.filter(({ method }) => method === 'two_by_two')
    expect(contrast).toMatchObject([
      {
        estimand: 'interaction',
        scale: 'absolute',
        segmentName: 'experiment:side_test',
        segmentValue: 'new',
      },
      { scale: 'relative' },
    ])
    const [absolute] = contrast
    expect(Math.abs(absolute!.estimate! - 4)).toBeLessThan(4 * absolute!.stdError!)
    expect(absolute!.ciLower).toBeGreaterThan(0)
    const known = rows.filter(({ user_id, revenue }) => user_id % 10 < 9 && user_id !== 1 && revenue !== null)
    expect(absolute!.n).toBe(known.length)
    expect(estimates.filter(({ method }) => method === 'cochran_q')).toMatchObject([
      { estimand: 'interaction' },
    ])
  })

  test('are told when they are in several arms, have extremes, or stand there twice', async () => {
    await warehouse().query(sql`
      insert into public.units
      select user_id, 'treatment', country, store, revenue, orders * 1000, before, visits_before, orders_before, converted
      from public.units where user_id in (0, 2, 4)`)
    await warehouse().query(sql`insert into public.units select * from public.units where user_id = 6`)
    const orders = mean({
      name: 'orders',
      source: { from: 'columns', kind: 'count', column: 'orders' },
      covariates: [],
    })
    const found = await fetch({ ...spec, outcomes: [orders], methods: ['difference_in_means'] })
    expect(found.facts).toEqual({ units: 3000, crossovers: 3, duplicates: 1, exposedBefore: null })
    const { health } = analyseExperiment({ ...spec, outcomes: [orders], methods: [] }, found, origin)
    expect(health.find(({ checkName }) => checkName === 'bot_like_units')).toMatchObject({ verdict: 'fail' })
    expect(health.find(({ checkName }) => checkName === 'outlier_influence')).toMatchObject({
      verdict: 'fail',
    })
    const [t] = found.tops.filter(({ arm }) => arm === 'treatment')
    expect(t).toMatchObject({ topUnits: 3 })
    await warehouse().query(sql`delete from public.units where orders > 500`)
  })

  test('in arms that nobody declared fail the job', async () => {
    await expect(fetch({ ...spec, treatments: ['other'] })).rejects.toThrow(/do not declare|does not declare/)
  })
})

describe('a switchback', () => {
  const warehouse = useWarehouse()

  test('leaves out the periods that feel the block before, and counts blocks', async () => {
    // Each block of six periods has one arm; its first two still show the arm before, as 100 more.
    await warehouse().query(
      unsafeSql(`
      create table public.rides as
      select
        row_number() over () as ride, 'b' || block as block, period, case when block % 2 = 0 then 'off' else 'on' end as arm,
        50 + (block * 7919 % 13) + (period * 31 + ride * 17) % 11 + case when block % 2 = 1 then 3 else 0 end
          + case when period <= 2 then 100 else 0 end as minutes
      from generate_series(1, 40) as block, generate_series(1, 6) as period, generate_series(1, 20) as ride`),
    )
    const declared = sampleSpec({
      data: { kind: 'units', ref: 'rides', unit: 'ride', arm: 'arm' },
      control: 'off',
      treatments: ['on'],
      expectedWeights: { off: 1, on: 1 },
      outcomes: [
        mean({
          name: 'minutes',
          source: { from: 'columns', kind: 'mean', column: 'minutes' },
          covariates: [],
        }),
      ],
      methods: ['difference_in_means', 'block_means'],
      segments: [],
      switchback: { block: 'block', period: 'period', carryOver: 2 },
    })
    const spec = clusteredSpec(declared)
    const evidence = await warehouse().withSession((session) =>
      fetchUnitEvidence(spec, spec.data as Extract<ExperimentSpec['data'], { kind: 'units' }>, {
        session,
        relationOf: () => ({ database: 'd', schema: 'public', identifier: 'rides' }) as never,
        job: { name: 'trial', place: undefined } as unknown as JobNode,
      }),
    )
    const { estimates, health } = analyseExperiment(spec, evidence, origin)
    const [effect] = estimates.filter(
      ({ method, scale }) => method === 'cluster_robust' && scale === 'absolute',
    )
    expect(effect).toMatchObject({ status: 'ok', n: 40 * 4 * 20 })
    expect(effect!.diagnostics).toMatchObject({ clusters: 40 })
    expect(effect!.ciLower).toBeLessThan(3)
    expect(effect!.ciUpper).toBeGreaterThan(3)
    expect(estimates.find(({ method }) => method === 'difference_in_means')).toMatchObject({
      status: 'refused',
    })
    // All blocks have as many rows, so that the mean of blocks is that of rows.
    const blocks = estimates.find(({ method }) => method === 'block_means')!
    expect(blocks).toMatchObject({ status: 'ok', diagnostics: { blocks: 40, carry_over: 2 } })
    expect(blocks.estimate).toBeCloseTo(effect!.estimate!, 9)
    expect(blocks.stdError! / effect!.stdError!).toBeCloseTo(1, 1)
    expect(health[0]).toMatchObject({ checkName: 'sample_ratio', verdict: 'ok' })
    expect(health[0]!.diagnostics).toMatchObject({ units: [1600, 1600], clusters: [20, 20] })
  })

  test('whose value is no finite number are missing, to methods from sums and from rows alike', async () => {
    await warehouse().query(
      unsafeSql(`create table public.odd as
        select unit, case when unit % 2 = 0 then 'control' else 'treatment' end as arm,
          case when unit % 10 = 3 then 'NaN'::float8 when unit % 10 = 8 then 'Infinity'::float8
            else 10 + sin(unit) end as revenue,
          unit::text as alone
        from generate_series(1, 400) as unit`),
    )
    const spec = sampleSpec({
      data: { kind: 'units', ref: 'odd', unit: 'unit', arm: 'arm' },
      outcomes: [mean({ covariates: [] })],
      methods: ['difference_in_means', 'bootstrap', 'permutation_test', 'post_stratified'],
      segments: [],
      strata: ['alone'],
      health: [{ check: 'missing_outcomes', critical: false, threshold: 0.05 }],
    })
    const evidence = await warehouse().withSession((session) =>
      fetchUnitEvidence(spec, spec.data as Extract<ExperimentSpec['data'], { kind: 'units' }>, {
        session,
        relationOf: () => ({ database: 'd', schema: 'public', identifier: 'odd' }) as never,
        job: { name: 'trial', place: undefined } as unknown as JobNode,
      }),
    )
    const { estimates, health } = analyseExperiment(spec, evidence, origin)
    const effects = ['difference_in_means', 'bootstrap', 'permutation_test'].map((method) => {
      const { n, estimate } = estimates.find((row) => row.method === method && row.scale === 'absolute')!
      return [n, estimate!.toFixed(9)]
    })
    expect(new Set(effects.map(String)).size).toBe(1)
    expect(effects[0]![0]).toBe(320)
    expect(health).toMatchObject([
      { verdict: 'fail', diagnostics: { missing_treated: 40, missing_control: 40 } },
    ])
    // Each unit is a stratum of its own.
    const stratified = estimates.find(({ method }) => method === 'post_stratified')
    expect(stratified).toMatchObject({ status: 'refused', reason: 'no stratum has units of both arms' })
  })
})
