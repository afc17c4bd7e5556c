import { beforeAll, describe, expect, test } from 'vitest'
import { unsafeSql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { runProject, useProjectDatabase } from './run-project.ts'

/*
 * An experiment over exposures with a metric set, and another one on the same units that it is crossed with: from models
 * to all of its tables. Noise comes from hashes, so that every run has the same data.
 */

const noise = (salt: string) =>
  `(('x' || substr(md5(id::text || '${salt}' || day::text), 1, 8))::bit(32)::int8 & 2147483647) / 2147483648.0`
const files: Files = {
  'project.yml': projectFile,
  'models/exposures.sql': `{{ config(materialized='table') }}
select id as user_id, 'first' as experiment, case when id % 2 = 0 then 'a' else 'b' end as arm,
  timestamptz '2026-03-01 12:00:00+00' + (id / 2 % 10) * interval '1 day' as at, case when id % 3 = 0 then 'se' else 'de' end as country
from generate_series(1, 3000) as id
union all
select id, 'first', 'a', timestamptz '2026-03-20 12:00:00+00', 'de' from generate_series(1, 9) as id
union all
select id, 'other', case when (id / 2) % 2 = 0 then 'off' else 'on' end, timestamptz '2026-03-02 12:00:00+00', 'de'
from generate_series(1, 2000) as id`,
  'models/daily.sql': `{{ config(materialized='table') }}
select id as user_id, day::date as day,
  10 * ${noise('level')} + ${noise('more')} + case when id % 2 = 1 and day >= date '2026-03-01' + (id / 2 % 10)::int then 2 else 0 end as revenue,
  (${noise('orders')} < 0.3)::int as orders
from generate_series(1, 3000) as id, generate_series(date '2026-02-15', date '2026-03-20', interval '1 day') as day`,
  'analytics/product.yml': `
kind: metrics
from: { model: daily, unit: user_id, day: day }
metrics:
  - { name: revenue, kind: mean, column: revenue, pre_period: 10 }
  - { name: per_order, kind: ratio, numerator: revenue, denominator: orders, pre_period: 10 }
  - { name: buyers, kind: proportion, column: orders, window: { days: 2 } }
  - { name: median, kind: quantile, column: revenue, quantile: 0.5 }
as_of: '2026-03-21'`,
  'analytics/first.yml': `
kind: experiment
question: Does it raise revenue?
exposures: { model: exposures, unit: user_id, arm: arm, time: at, experiment: { column: experiment, value: first } }
start: '2026-03-01'
end: '2026-03-21'
control: a
treatments: [b]
goals: [{ metric: revenue, minimum_effect: { relative: 0.01 } }]
guardrails: [{ metric: buyers, margin: { absolute: 0.1 } }]
metrics: [per_order, median]
segments: [country]
methods: [difference_in_means, cuped, cuped_relative, confidence_sequence, bootstrap, quantile_difference, regression_adjustment]
sequential: { kind: confidence_sequence, tuning_units: 2000 }
bootstrap: { replicates: 200, seed: 3 }
interactions: [other]
decision: { goals: all }
bandit: { goal: revenue, floor: 0.1 }
as_of: '2026-03-21'`,
  'analytics/other.yml': `
kind: experiment
question: Does the other one?
exposures: { model: exposures, unit: user_id, arm: arm, time: at, experiment: { column: experiment, value: other } }
start: '2026-03-01'
end: '2026-03-21'
control: 'off'
treatments: ['on']
metrics: [revenue]
as_of: '2026-03-21'`,
  'models/decided.sql': `{{ config(materialized='table') }}
select decision, launch, evaluated -> 0 ->> 'verdict' as verdict, (evaluated -> 0 ->> 'ci_lower')::float8 as ci_lower
from {{ ref('first__decision') }} where segment_name is null`,
}

describe('an experiment over exposures', () => {
  const database = useProjectDatabase()
  const rows = (text: string) => database.rows(unsafeSql(text))

  beforeAll(async () => {
    const { result } = await withProject(files, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url } }),
    )
    expect(result.problems).toEqual([])
    expect(
      result.results.flatMap(({ nodeId, status, message }) =>
        status === 'success' ? [] : [nodeId, message],
      ),
    ).toEqual([])
  })

  test('has its estimates from the kept statistics, as a query over the days has them', async () => {
    // Units that saw both arms are left out; odd units are in arm b.
    const [direct] = await rows(`
      with units as (
        select user_id, min(arm) as arm, min(at)::date as day from analytics.exposures
        where experiment = 'first' group by 1 having count(distinct arm) = 1
      ), totals as (
        select u.user_id, u.arm, sum(d.revenue)::float8 as revenue
        from units as u join analytics.daily as d on u.user_id = d.user_id and d.day >= u.day group by 1, 2
      )
      select avg(revenue) filter (where arm = 'b') - avg(revenue) filter (where arm = 'a') as effect, count(*)::int as n
      from totals`)
    const [found] = await rows(`
      select estimate, n::int from analytics.first
      where method = 'difference_in_means' and outcome = 'revenue' and segment_name is null`)
    expect(found!.n).toBe(direct!.n)
    expect(found!.estimate as number).toBeCloseTo(direct!.effect as number, 9)
  })

  test('has an answer of every method for everybody, or the reason why not', async () => {
    const found = await rows(`
      select distinct method, outcome, reason from analytics.first where status = 'refused' order by 1, 2`)
    expect(found).toEqual([])
    const methods = await rows(`select distinct method from analytics.first order by 1`)
    expect(methods.map(({ method }) => method)).toEqual([
      'bootstrap',
      'cochran_q',
      'confidence_sequence',
      'cuped',
      'cuped_relative',
      'difference_in_means',
      'quantile_difference',
      'regression_adjustment',
      'slope_since_exposure',
      'two_by_two',
    ])
  })

  test('is checked, decided and shown over its days', async () => {
    expect(
      await rows(
        `select check_name, verdict from analytics.first__health where verdict in ('warn', 'fail') order by 1`,
      ),
    ).toEqual([])
    const [crossed] = await rows(
      `select observed, message from analytics.first__health where check_name = 'crossovers'`,
    )
    expect(crossed).toMatchObject({ observed: 5 / 3000 })
    const [decided] = await rows('select * from analytics.decided')
    expect(decided).toMatchObject({ decision: 'ship', launch: 'globally', verdict: 'better' })
    expect(decided!.ci_lower as number).toBeGreaterThan(0)
    const days = await rows(`
      select day::text, method, estimate, ci_lower, p_value from analytics.first__days
      where series = 'cumulative' and outcome = 'revenue' and scale = 'relative' order by 1, 2`)
    const since = await rows(`
      select days_since_exposure, estimate > 0 as up from analytics.first__days
      where series = 'since_exposure' and outcome = 'revenue' and scale = 'relative' order by 1`)
    expect(since).toEqual(
      Array.from({ length: 10 }, (_, place) => ({ days_since_exposure: 11 + place, up: true })),
    )
    expect(days).toHaveLength(40)
    expect(new Set(days.map(({ method }) => method))).toEqual(
      new Set(['confidence_sequence', 'cuped_relative']),
    )
    const sequence = days.filter(
      ({ method, p_value }) => method === 'confidence_sequence' && p_value !== null,
    )
    for (const [place, { p_value }] of sequence.entries())
      if (place > 0) expect(p_value as number).toBeLessThanOrEqual(sequence[place - 1]!.p_value as number)
    const [last] = await rows(`
      select estimate, ci_lower from analytics.first
      where method = 'confidence_sequence' and outcome = 'revenue' and scale = 'relative' and segment_name is null`)
    expect(sequence.at(-1)).toMatchObject(last!)
  })

  test('is crossed with the other one, and weighs its arms', async () => {
    const found = await rows(`
      select p_value > 0.0001 as alike, jsonb_array_length(diagnostics -> 'values') as values from analytics.first
      where estimand = 'interaction' and outcome = 'revenue' and method = 'cochran_q'`)
    expect(found).toEqual([{ alike: true, values: 3 }])
    const contrasts = await rows(`
      select scale, p_value > 0.0001 as alike, segment_value from analytics.first
      where method = 'two_by_two' and outcome = 'revenue' order by 1`)
    expect(contrasts).toEqual([
      { scale: 'absolute', alike: true, segment_value: 'on' },
      { scale: 'relative', alike: true, segment_value: 'on' },
    ])
    const arms = await rows(`select segment_value from analytics.first
      where segment_name = 'experiment:other' and method = 'cuped' and outcome = 'revenue' order by 1`)
    expect(arms.map(({ segment_value }) => segment_value)).toEqual(['not in it', 'off', 'on'])
    const weights = await rows('select arm, weight, previous_weight from analytics.first__weights order by 1')
    expect(weights).toEqual([
      { arm: 'a', weight: expect.closeTo(0.1, 6), previous_weight: 0.5 },
      { arm: 'b', weight: expect.closeTo(0.9, 6), previous_weight: 0.5 },
    ])
  })
})
