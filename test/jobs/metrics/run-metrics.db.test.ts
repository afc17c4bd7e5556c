import { beforeEach, describe, expect, test } from 'vitest'
import { unsafeSql } from '../../../src/warehouse/index.ts'
import { type Files, withProject } from '../../project/temp-project.ts'
import { projectFile } from '../../run/project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from '../../run/run-project.ts'

// Day d of unit u brings u % 3 + d plays and as many tenths of revenue; units are exposed on days 2 to 6 of March.
const project = (changes: Files = {}): Files => ({
  'project.yml': projectFile,
  'models/daily.sql': `{{ config(materialized='table') }}
select u as user_id, date '2026-02-20' + d as day, u % 3 + d as plays, (u % 3 + d) / 10.0 as revenue
from generate_series(1, 60) as u cross join generate_series(0, 25) as d`,
  'models/exposures.sql': `{{ config(materialized='table') }}
select u as user_id, case when u % 2 = 0 then 'a' else 'b' end as arm,
  timestamptz '2026-03-02 12:00:00+00' + (u % 5) * interval '1 day' as at, case when u % 4 = 0 then 'de' else 'fr' end as country
from generate_series(1, 60) as u`,
  'models/totals.sql': `{{ config(materialized='table') }}
select experiment, sum(plays)::int as plays, count(*)::int as units from {{ ref('product__units') }} group by 1`,
  'analytics/product.yml': `kind: metrics
from: { model: daily, unit: user_id, day: day }
late_days: 1
metrics:
  - { name: plays, kind: mean, column: plays, pre_period: 3 }
  - { name: paid, kind: proportion, column: revenue, window: { days: 2 }, mature_only: true }
as_of: "{{ var('as_of') }}"
`,
  'analytics/tap.yml': `kind: experiment
exposures: { model: exposures, unit: user_id, arm: arm, time: at }
start: 2026-03-02
end: 2026-03-12
control: a
treatments: [b]
segments: [country]
goals: [plays]
metrics: [paid]
as_of: "{{ var('as_of') }}"
`,
  ...changes,
})

const database = useProjectDatabase()
const rows = (text: string) => database.rows(unsafeSql(text))
const run = (asOf: string, files: Files = project(), { vars, ...options }: ProjectRunOptions = {}) =>
  withProject(files, (root) =>
    runProject(root, database.connection, {
      env: { DATABASE_URL: database.url },
      vars: { as_of: asOf, ...vars },
      select: ['daily', 'exposures', 'product', 'totals'],
      ...options,
    }),
  )
const stored = () =>
  rows(`select experiment, arm, segment_name, segment_value, stratum, metric, day, units, missing, n, round(sum::numeric, 9) as sum,
    round(mean::numeric, 9) as mean, round(variance::numeric, 9) as variance
    from analytics.product order by 1, 2, 3, 4, 5, 6, 7`)

beforeEach(async () => {
  await rows('drop schema if exists analytics, estimand cascade')
})

describe('kind: metrics', () => {
  test('publishes statistics and units that models read', async () => {
    const { result, node } = await run('2026-03-10')
    expect(result.problems).toEqual([])
    expect(node('product').message).toBe('1 experiment, 60 units, 2 metrics; all days')
    expect(await rows(`select * from analytics.totals`)).toEqual([
      { experiment: 'tap', plays: expect.any(Number), units: 60 },
    ])
    // Unit 1 is exposed on 3 March, day 11 of the source, and known to 9 March, day 17: seven days of 1 + 11 … 1 + 17.
    expect(
      await rows(
        `select arm, exposed_day, plays, plays__before, paid from analytics.product__units where unit = 1`,
      ),
    ).toEqual([{ arm: 'b', exposed_day: '2026-03-03', plays: 105, plays__before: 30, paid: 1 }])
    const [cell] = await rows(`select units, n, sum, variables from analytics.product
      where arm = 'b' and metric = 'plays' and day = '2026-03-09' and segment_name is null`)
    const [sum] = await rows(`select sum(plays) as sum from analytics.product__units where arm = 'b'`)
    expect(cell).toEqual({ units: 30, n: 30, sum: sum!['sum'], variables: ['y', 'x1'] })
  })

  test('goes on from what is published, and comes to the same as made anew', async () => {
    await run('2026-03-05')
    for (const asOf of ['2026-03-06', '2026-03-09', '2026-03-14']) {
      const { node, result } = await run(asOf)
      expect(result.problems).toEqual([])
      expect(node('product').message).toMatch(/from 2026-03-\d\d on, \d+ units new/)
      const goneOn = await stored()
      const anew = await run(asOf, project(), { fullRefresh: true })
      expect(anew.node('product').message).toMatch(/all days/)
      expect(await stored()).toEqual(goneOn)
    }
  })

  test('is made anew when an experiment or a metric has changed, or as_of has gone back', async () => {
    await run('2026-03-09')
    const longer = project({
      'analytics/product.yml': String(project()['analytics/product.yml']).replace(
        'pre_period: 3',
        'pre_period: 4',
      ),
    })
    expect((await run('2026-03-10', longer)).node('product').message).toMatch(/all days/)
    expect((await run('2026-03-11', longer)).node('product').message).toMatch(/from 2026-03-09/)
    expect((await run('2026-03-05', longer)).node('product').message).toMatch(/all days/)
  })

  test('counts units with a value that is no number as missing from when it turns up', async () => {
    const spoilt = project({
      'models/daily.sql': String(project()['models/daily.sql']).replace(
        'as plays, (',
        `as plays, case when u = 2 and d = 15 then 'NaN'::numeric end + (`,
      ),
    })
    const good = String(spoilt['models/daily.sql']).replace('end + (', 'else 0 end + (')
    const files: Files = { ...spoilt, 'models/daily.sql': good }
    await run('2026-03-05', files)
    const { node } = await run('2026-03-10', files)
    expect(node('product').status).toBe('success')
    // Unit 2 is exposed on 4 March; its fifteenth day, 7 March, is out of its window of two days.
    expect(
      await rows(
        `select unit from analytics.product__units where paid is null and exposed_day < '2026-03-06'`,
      ),
    ).toEqual([])
    const wide = {
      ...files,
      'analytics/product.yml': String(files['analytics/product.yml']).replace('days: 2', 'days: 4'),
    }
    await run('2026-03-12', wide)
    expect(await rows(`select unit from analytics.product__units where paid is null`)).toEqual([{ unit: 2 }])
  })

  test('says what is wrong with the relations that it reads', async () => {
    const wrong = project({
      'analytics/product.yml': String(project()['analytics/product.yml']).replace(
        'column: plays',
        'column: play',
      ),
    })
    await expect(run('2026-03-10', wrong)).rejects.toThrow("'daily' has no column 'play'")
    const ghosts = project({
      'analytics/tap.yml': String(project()['analytics/tap.yml']).replace('[b]', '[c]'),
    })
    const found = (await run('2026-03-10', ghosts)).node('product')
    expect(found.problem?.message ?? found.message).toContain('does not declare: b')
  })
})

test('a set of metrics that no experiment uses has empty tables', async () => {
  const { 'analytics/tap.yml': _, ...files } = project()
  const { result, node } = await run('2026-03-10', files, { select: ['daily', 'product'] })
  expect(result.problems).toEqual([])
  expect(node('product').message).toBe('0 experiments, 0 units, 0 metrics; all days')
  expect(await rows('select * from analytics.product union all select * from analytics.product')).toEqual([])
})
