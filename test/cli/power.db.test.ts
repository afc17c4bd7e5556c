import { beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { sql } from '../../src/warehouse/index.ts'
import { withProject } from '../project/temp-project.ts'
import { projectFile } from '../run/project-files.ts'
import { runProject, useProjectDatabase } from '../run/run-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

// 600 units over 84 days; a unit spends what its number says, a little more or less by day, on every third day.
const files = {
  'project.yml': projectFile,
  'models/daily.sql': `{{ config(materialized='table') }}
select unit, day, (unit % 50) + ((unit * 7 + day_number * 13) % 11) as revenue, (unit % 4 = 0)::int as orders
from generate_series(1, 600) as unit
cross join lateral (
  select day_number, date '2026-01-01' + day_number::int as day from generate_series(0, 83) as day_number
) as days
where (unit + day_number) % 3 = 0`,
  'models/assigned.sql': `{{ config(materialized='table') }}
select unit, case when unit % 2 = 0 then 'a' else 'b' end as arm, timestamptz '2026-03-20 00:00Z' as seen_at
from generate_series(1, 600) as unit`,
  'analytics/product.yml': `
kind: metrics
from: { model: daily, unit: unit, day: day }
as_of: '2026-03-26'
metrics:
  - { name: revenue, kind: mean, column: revenue, pre_period: 28 }
  - { name: basket, kind: ratio, numerator: revenue, denominator: orders }
  - { name: p90, kind: quantile, column: revenue, quantile: 0.9 }`,
  'analytics/tap.yml': `
kind: experiment
question: Does it help?
exposures: { model: assigned, unit: unit, arm: arm, time: seen_at }
start: '2026-03-12'
end: '2026-03-26'
control: a
treatments: [b]
goals: [revenue]
as_of: '2026-03-26'`,
}

describe('estimand power', () => {
  const database = useProjectDatabase()
  const said = (...args: readonly string[]) =>
    withProject(files, async (root) => {
      const environment = { DATABASE_URL: database.url, LANG: 'C.UTF-8' }
      const surroundings = fakeSurroundings({ workingDirectory: root, environment, clock: () => new Date() })
      const code = await runCommandLine(args, surroundings)
      return { code, ...surroundings.written }
    })
  const planned = async (...args: readonly string[]) => {
    const { code, out, err } = await said(...args, '--output', 'json')
    if (code !== 0) throw new Error(err)
    return JSON.parse(out).sets[0]
  }

  beforeAll(async () => {
    await withProject(files, (root) =>
      runProject(root, database.connection, { env: { DATABASE_URL: database.url }, select: ['daily'] }),
    )
  })

  it('reads what the metrics were in the days before, and leaves nothing behind', async () => {
    const set = await planned('power', '--days', '28')
    expect(set.metrics.map(({ metric }: { metric: string }) => metric)).toEqual(['revenue', 'basket'])
    const [revenue] = set.metrics
    const [row] = await database.rows(sql`
      with totals as (
        select unit, sum(revenue) filter (where day >= '2026-02-26') as y,
               sum(revenue) filter (where day < '2026-02-26' and day >= '2026-01-29') as x
        from analytics.daily where day < '2026-03-26' group by unit
      )
      select avg(y)::float8 as mean, stddev_samp(y)::float8 as deviation, count(*)::int as units
      from totals where y is not null`)
    expect(revenue.mean).toBeCloseTo(Number(row!['mean']), 9)
    expect(revenue.standardDeviation).toBeCloseTo(Number(row!['deviation']), 9)
    expect(revenue.explained).toBeGreaterThan(0.9)
    expect(revenue.points.at(-1)).toMatchObject({ days: 28, units: row!['units'] })
    // 2·(z₀.₉₇₅ + z₀.₈)·σ/(μ·√n) for a small effect.
    const plain =
      (2 * 2.8015852 * revenue.standardDeviation) / revenue.mean / Math.sqrt(Number(row!['units']))
    expect(revenue.points.at(-1).smallestEffect).toBeGreaterThan(plain)
    expect(revenue.points.at(-1).smallestEffect).toBeLessThan(plain * 1.15)
    expect(revenue.points.at(-1).smallestAdjusted).toBeLessThan(plain / 3)
    const left = await database.rows(sql`select 1 from pg_namespace where nspname like 'estimand_power%'`)
    expect(left).toEqual([])
  })

  it('says how many units an effect needs, in words', async () => {
    const { code, out, err } = await said('power', '--metric', 'revenue', '--effect', '0.05', '--days', '14')
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toContain('product: units seen in 14 days up to 2026-03-26; power 0.8, two-sided error 0.05')
    expect(out).toMatch(
      /revenue: mean [\d.]+, standard deviation [\d.]+, \d+ % of the variance known from before/,
    )
    expect(out).toMatch(/\+5\.0 % needs [\d,]+ units/)
  })

  it('plans an experiment from the days before it starts, with its arms and metrics', async () => {
    const set = await planned('experiment', 'power', 'tap', '--days', '14')
    expect(set.asOf).toBe('2026-03-12')
    expect(set.metrics.map(({ metric }: { metric: string }) => metric)).toEqual(['revenue'])
  })

  it('refuses what is no metric, number or date', async () => {
    expect((await said('power', '--metric', 'revenu')).err).toContain("did you mean 'revenue'?")
    expect((await said('power', '--power', '1')).code).toBe(2)
    expect((await said('power', '--days', '0')).code).toBe(2)
    expect((await said('power', '--as-of', 'tomorrow')).err).toContain("'tomorrow' is no date")
  })
})
