import { describe, expect, test } from 'vitest'
import type { MetricDefinition, MetricsExperiment, MetricsSpec } from '../../../src/core/metrics-spec.ts'
import { dayOf, isoDay, microsOf } from '../../../src/jobs/metrics/day-number.ts'
import { unusableKey } from '../../../src/jobs/metrics/metrics-plan.ts'
import { readCells } from '../../../src/jobs/metrics/read-cells.ts'
import { makeRandom } from '../../../src/stats/index.ts'
import { relationIdent, type Session, sql } from '../../../src/warehouse/index.ts'
import { useWarehouse } from '../../warehouse/test-database.ts'
import { loadWorld, type MetricsTables, refreshTables } from './metrics-tables.ts'
import { makeSmallWorld, type NaiveCell, naiveCells, type SmallWorld } from './small-world.ts'

const warehouse = useWarehouse()
const run = <T>(body: (session: Session) => Promise<T>): Promise<T> => warehouse().withSession(body)

const byDay = { ref: 'days', unit: 'user_id', day: 'day' }
const byTime = { ref: 'events', unit: 'user_id', time: 'at' }

function metric(
  name: string,
  kind: MetricDefinition['kind'],
  fields: Record<string, unknown>,
): MetricDefinition {
  return {
    name,
    kind,
    description: '',
    better: 'higher',
    from: byDay,
    window: { delayDays: 0 },
    matureOnly: false,
    prePeriodDays: 0,
    ...fields,
  } as unknown as MetricDefinition
}

const metrics: readonly MetricDefinition[] = [
  metric('plays', 'mean', { value: { column: 'plays' }, prePeriodDays: 5 }),
  metric('plays_3d', 'mean', {
    value: { column: 'plays' },
    window: { delayDays: 1, days: 3 },
    prePeriodDays: 2,
  }),
  metric('mature', 'mean', {
    value: { column: 'revenue' },
    window: { delayDays: 0, days: 4 },
    matureOnly: true,
    prePeriodDays: 5,
  }),
  metric('days_a', 'count', { value: { where: { column: 'kind', values: ['a'] } } }),
  metric('active', 'proportion', { value: { column: 'active' }, prePeriodDays: 5 }),
  metric('revenue_per_play', 'ratio', {
    numerator: { column: 'revenue' },
    denominator: { column: 'plays', where: { column: 'active' } },
    prePeriodDays: 4,
  }),
  metric('back', 'retention', { value: {}, fromDay: 2, toDay: 3 }),
  metric('back_mature', 'retention', { value: {}, fromDay: 1, toDay: 2, matureOnly: true }),
  metric('path', 'funnel', {
    steps: [
      { name: 'a', where: { column: 'kind', values: ['a'] } },
      { name: 'b', where: { column: 'kind', values: ['b'] } },
    ],
    prePeriodDays: 5,
  }),
  metric('bounded', 'mean', { value: { column: 'revenue' }, cap: { upper: 9, lower: 0 }, prePeriodDays: 5 }),
  metric('winsorised', 'mean', {
    value: { column: 'revenue' },
    cap: { upperQuantile: 0.9, lowerQuantile: 0.05 },
    prePeriodDays: 5,
  }),
  metric('amount', 'mean', { from: byTime, value: { column: 'amount' }, prePeriodDays: 3 }),
  metric('carts_2d', 'count', {
    from: byTime,
    value: { where: { column: 'name', values: ['cart', 'buy'] } },
    window: { delayDays: 1, days: 2 },
    prePeriodDays: 3,
  }),
  metric('events_mature', 'count', {
    from: byTime,
    value: {},
    window: { delayDays: 0, days: 3 },
    matureOnly: true,
  }),
  metric('bought', 'funnel', {
    from: byTime,
    window: { delayDays: 0, days: 4 },
    steps: ['view', 'cart', 'buy'].map((name) => ({ name, where: { column: 'name', values: [name] } })),
    prePeriodDays: 4,
  }),
  metric('amount_per_event', 'ratio', {
    from: byTime,
    numerator: { column: 'amount' },
    denominator: {},
  }),
]

function experiment(number: number, more: Partial<MetricsExperiment['data']> = {}): MetricsExperiment {
  return {
    name: `test_${number}`,
    data: {
      kind: 'exposures',
      ref: 'exposures',
      unit: 'user_id',
      arm: 'variant',
      time: 'exposed_at',
      experiment: { column: 'experiment_id', value: `experiment_${number}` },
      start: '2026-03-03',
      end: '2026-03-12',
      crossovers: 'exclude',
      exposureDay: 'include',
      ...more,
    },
    arms: ['control', 'treatment'],
    segments: number === 0 ? ['country', 'device'] : [],
    strata: number === 0 ? ['device'] : [],
    metrics: metrics.map(({ name }) => name),
  }
}

const experiments = [
  experiment(0),
  experiment(1, {
    start: '2026-03-05',
    end: '2026-03-10T15:30:00Z',
    crossovers: 'first_arm',
    exposureDay: 'exclude',
  }),
]

const spec = (asOf: string, lateDays = 0, list = metrics): MetricsSpec => ({
  kind: 'metrics',
  question: '',
  metrics: list,
  experiments: [],
  lateDays,
  asOf,
})

async function storedCells(
  session: Session,
  tables: MetricsTables,
  list: readonly MetricsExperiment[],
): Promise<Map<string, NaiveCell>> {
  const found = new Map<string, NaiveCell>()
  for (const { name, metrics: asked } of list) {
    const outcomes = asked.map((each) => ({
      name: each,
      source: { from: 'metrics' as const, set: 'set', metric: each, kind: 'mean' },
    }))
    for (const cell of await readCells(session, tables.cells, { experiment: name, set: 'set', outcomes })) {
      const { arm, segmentName, segmentValue, stratum, outcome, day, ...rest } = cell
      const value = segmentName === null ? '' : (segmentValue ?? 'null')
      const key = [name, arm, segmentName ?? '', value, stratum ?? '', outcome, day].join('|')
      expect(found.has(key), `twice: ${key}`).toBe(false)
      found.set(key, { key, ...rest })
    }
  }
  return found
}

function sameNumber(a: number, b: number, scale: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b)
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(b), scale)
}

/** Compares moments: what is not known of no or one unit may be any undefined number. */
function expectSameCells(actual: Map<string, NaiveCell>, expected: Map<string, NaiveCell>): void {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [key, wanted] of expected) {
    const cell = actual.get(key)!
    expect([cell.units, cell.missing, cell.variables], key).toEqual([
      wanted.units,
      wanted.missing,
      wanted.variables,
    ])
    for (const which of ['moments', 'outcomeMoments'] as const) {
      const [a, b] = [cell[which], wanted[which]]
      expect(a.n, `${key} ${which}`).toBe(b.n)
      if (b.n === 0) continue
      b.means.forEach((mean, index) => {
        expect(
          sameNumber(a.means[index]!, mean, 1e-3),
          `${key} mean ${index}: ${a.means[index]} ${mean}`,
        ).toBe(true)
      })
      if (b.n < 2) continue
      for (const [i, row] of b.covariances.entries())
        for (const [j, covariance] of row.entries()) {
          const spread = Math.sqrt(b.covariances[i]![i]! * b.covariances[j]![j]!)
          const found = a.covariances[i]![j]!
          const same = sameNumber(found, covariance, Math.max(spread, 1e-3))
          expect(same, `${key} ${which} ${i} ${j}: ${found} ${covariance}`).toBe(true)
        }
    }
  }
}

describe('metrics from nothing', () => {
  test.each([1, 2])('are what their rows come to, world %i', async (seed) => {
    const world = makeSmallWorld(seed)
    for (const asOf of ['2026-03-17', '2026-03-09', '2026-03-08T12:00:00Z'])
      await run(async (session) => {
        await loadWorld(session, world)
        const tables = await refreshTables(session, 'full', { spec: spec(asOf), experiments })
        expectSameCells(
          await storedCells(session, tables, experiments),
          naiveCells(visible(world, asOf), spec(asOf), experiments),
        )
      })
  })
})

/** The days that rows come late, up to a number of days. */
function withLags(world: SmallWorld, lateDays: number, seed: number): (asOf: string) => SmallWorld {
  const random = makeRandom(seed)
  const lagged = <T>(rows: readonly T[], timeOf: (row: T) => string) =>
    rows.map((row) => ({ row, arrives: dayOf(timeOf(row)) + random.int(lateDays + 1) }))
  const [days, events, exposures] = [
    lagged(world.days, ({ day }) => day),
    lagged(world.events, ({ at }) => at),
    lagged(world.exposures, ({ exposed_at: at }) => at),
  ]
  const there = <T>(rows: readonly { row: T; arrives: number }[], asOf: string): T[] =>
    rows.filter(({ arrives }) => arrives < dayOf(asOf)).map(({ row }) => row)
  return (asOf) => ({
    days: there(days, asOf),
    events: there(events, asOf),
    exposures: there(exposures, asOf),
  })
}

async function storedUnits(
  session: Session,
  { units }: MetricsTables,
): Promise<Map<string, Record<string, unknown>>> {
  const { rows } = await session.query<Record<string, unknown>>(sql`select * from ${relationIdent(units)}`)
  return new Map(rows.map(({ group_id: _, ...row }) => [`${row['experiment']}|${row['unit']}`, row]))
}

function expectSameUnits(
  actual: Map<string, Record<string, unknown>>,
  expected: Map<string, Record<string, unknown>>,
): void {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [key, row] of expected)
    for (const [column, value] of Object.entries(row)) {
      const found = actual.get(key)![column]
      if (typeof value === 'number') expect(found, `${key} ${column}`).toBeCloseTo(value, 9)
      else expect(found, `${key} ${column}`).toEqual(value)
    }
}

describe('metrics brought up to date', () => {
  test.each([
    [11, 0, [1, 2]],
    [12, 2, [1, 3]],
    [13, 1, [3, 1, 6]],
    [14, 2, [4, 5]],
  ])('are those made from nothing: world %i, %i late days, steps of %j', async (seed, lateDays, steps) => {
    const world = makeSmallWorld(seed)
    const at = withLags(world, lateDays, seed)
    await run(async (session) => {
      let previous: MetricsTables | undefined
      let day = dayOf('2026-03-07')
      for (let step = 0; day <= dayOf('2026-03-17'); day += steps[step++ % steps.length]!) {
        const asOf = isoDay(day)
        await loadWorld(session, at(asOf))
        previous = await refreshTables(session, 'steps', {
          spec: spec(asOf, lateDays),
          experiments,
          ...(previous && { previous }),
        })
        const cells = await storedCells(session, previous, experiments)
        const full = await refreshTables(session, 'full', { spec: spec(asOf, lateDays), experiments })
        const anew = await storedCells(session, full, experiments)
        expectSameCells(cells, anew)
        expectSameUnits(await storedUnits(session, previous), await storedUnits(session, full))
        expectSameCells(cells, naiveCells(at(asOf), spec(asOf), experiments))
      }
    })
  })
})

/** Which table bears a name; null for none. */
async function tableOf(session: Session, name: string): Promise<unknown> {
  const { rows } = await session.query(sql`select to_regclass(${name})::oid::int as oid`)
  return rows[0]!.oid
}

describe('metrics of experiments that are over', () => {
  test.each([0, 2])('leave their units as they are once all is settled, %i late days', async (lateDays) => {
    const at = withLags(makeSmallWorld(15), lateDays, 15)
    await run(async (session) => {
      let previous: MetricsTables | undefined
      const tables: unknown[] = []
      for (const asOf of ['2026-03-10', '2026-03-21', '2026-03-22']) {
        await loadWorld(session, at(asOf))
        const request = { spec: spec(asOf, lateDays), experiments }
        previous = await refreshTables(session, 'over', { ...request, ...(previous && { previous }) })
        tables.push(await tableOf(session, 'over_units'))
        const full = await refreshTables(session, 'full', request)
        expectSameCells(
          await storedCells(session, previous, experiments),
          await storedCells(session, full, experiments),
        )
        expectSameUnits(await storedUnits(session, previous), await storedUnits(session, full))
      }
      expect(tables[1]).not.toBe(tables[0])
      expect(tables[2]).toBe(tables[1])
    })
  })
})

/** What is there before an instant. */
function visible(world: SmallWorld, asOf: string): SmallWorld {
  return {
    days: world.days.filter(({ day }) => microsOf(day) < microsOf(asOf)),
    events: world.events.filter(({ at }) => microsOf(at) < microsOf(asOf)),
    exposures: world.exposures.filter(({ exposed_at: at }) => microsOf(at) < microsOf(asOf)),
  }
}

describe('rows that are hard to count', () => {
  const simple = [
    metric('revenue', 'mean', { value: { column: 'revenue' }, prePeriodDays: 5 }),
    metric('bounded', 'mean', { value: { column: 'revenue' }, cap: { upper: 9, lower: 0 } }),
    metric('paid', 'proportion', { value: { column: 'revenue' }, prePeriodDays: 5 }),
    metric('ratio', 'ratio', {
      numerator: { column: 'revenue' },
      denominator: { column: 'plays' },
      prePeriodDays: 5,
    }),
    metric('winsorised', 'mean', { value: { column: 'revenue' }, cap: { upperQuantile: 0.9 } }),
  ]
  const asked = experiments.map((each) => ({ ...each, metrics: simple.map(({ name }) => name) }))

  test('a unit with a value that is no finite number is missing, and no other', async () => {
    const world = makeSmallWorld(21, { units: 30 })
    const spoilt = {
      ...world,
      days: world.days.map((row, index) =>
        index % 40 === 3 ? { ...row, revenue: [Number.NaN, Infinity, -Infinity][index % 3]! } : row,
      ),
    }
    const unusable = new Set([unusableKey(byDay, 'revenue')])
    await run(async (session) => {
      let previous: MetricsTables | undefined
      for (const asOf of ['2026-03-07', '2026-03-10', '2026-03-17']) {
        await loadWorld(session, visible(spoilt, asOf))
        const request = { spec: spec(asOf, 1, simple), experiments: asked }
        await expect(refreshTables(session, 'spoilt', request)).rejects.toThrow('no finite numbers')
        previous = await refreshTables(session, 'spoilt', {
          ...request,
          unusable,
          ...(previous && { previous }),
        })
        const expected = naiveCells(visible(spoilt, asOf), spec(asOf, 1, simple), asked)
        expect(Math.max(...[...expected.values()].map(({ missing }) => missing))).toBeGreaterThan(0)
        expectSameCells(await storedCells(session, previous, asked), expected)
      }
    })
  })

  test.each([
    [25, 0, [1, 2]],
    [26, 1, [2, 1]],
  ])(
    'spans that last from the exposure to the end need no edges: world %i, %i late days',
    async (seed, lateDays, steps) => {
      const plain = simple.filter(({ name }) => name !== 'winsorised')
      const both = [experiment(0), experiment(1, { start: '2026-03-05' })].map((each) => ({
        ...each,
        metrics: plain.map(({ name }) => name),
      }))
      const at = withLags(makeSmallWorld(seed), lateDays, seed)
      await run(async (session) => {
        let previous: MetricsTables | undefined
        let day = dayOf('2026-03-06')
        for (let step = 0; day <= dayOf('2026-03-15'); day += steps[step++ % steps.length]!) {
          const asOf = isoDay(day)
          await loadWorld(session, at(asOf))
          previous = await refreshTables(session, 'plain', {
            spec: spec(asOf, lateDays, plain),
            experiments: both,
            ...(previous && { previous }),
          })
          const expected = naiveCells(at(asOf), spec(asOf, lateDays, plain), both)
          expectSameCells(await storedCells(session, previous, both), expected)
        }
      })
    },
  )

  test('moments do not cancel where the mean is ten thousand times the spread', async () => {
    const level = [simple[0]!]
    const one = [{ ...experiment(1, { exposureDay: 'include' }), metrics: ['revenue'] }]
    const world = makeSmallWorld(22, { units: 60, level: 1e4 })
    await run(async (session) => {
      let previous: MetricsTables | undefined
      for (const asOf of ['2026-03-08', '2026-03-09', '2026-03-12']) {
        await loadWorld(session, visible(world, asOf))
        previous = await refreshTables(session, 'level', {
          spec: spec(asOf, 0, level),
          experiments: one,
          ...(previous && { previous }),
        })
      }
      const cells = await storedCells(session, previous!, one)
      const expected = naiveCells(visible(world, '2026-03-12'), spec('2026-03-12', 0, level), one)
      expectSameCells(cells, expected)
      const last = expected.get('test_1|control||||revenue|2026-03-11')!
      expect(last.moments.n).toBeGreaterThan(5)
    })
  })

  test('arms that nobody declared are refused by name', async () => {
    const world = makeSmallWorld(23, { units: 5 })
    const exposures = world.exposures.map((row, index) =>
      index === 4 ? { ...row, variant: 'ghost', exposed_at: '2026-03-06T10:00:00Z', user_id: 3 } : row,
    )
    await run(async (session) => {
      await loadWorld(session, { ...world, exposures })
      await expect(
        refreshTables(session, 'ghost', { spec: spec('2026-03-17', 0, simple), experiments: asked }),
      ).rejects.toThrow('ghost')
    })
  })

  test('units in two arms fail where that is asked for', async () => {
    const world = makeSmallWorld(24)
    const failing = asked.map((each) => ({ ...each, data: { ...each.data, crossovers: 'fail' as const } }))
    await run(async (session) => {
      await loadWorld(session, world)
      await expect(
        refreshTables(session, 'failing', { spec: spec('2026-03-17', 0, simple), experiments: failing }),
      ).rejects.toThrow('seen in more than one arm')
    })
  })
})
