import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../../src/warehouse/index.ts'
import { withProject } from '../../project/temp-project.ts'
import { runProject, useProjectDatabase } from '../../run/run-project.ts'

const computed = JSON.parse(readFileSync('test/reference/causal_methods.json', 'utf8'))

interface Row {
  readonly [column: string]: unknown
  readonly method: string
  readonly estimand: string
  readonly estimate: number
  readonly std_error: number
  readonly verdict: string
  readonly message: string
}

const files = {
  'models/scores.sql': 'select * from raw.scores',
  'models/series.sql':
    "select *, date '2026-01-01' + t as day, timestamp '2026-01-01' + t * interval '1 hour' as hour from raw.series",
  'analytics/sharp.yml': `kind: discontinuity
as_of: 2026-06-01
units: { model: scores }
running: score
cutoff: 0
treatment: grant
outcome: { column: later, claim: 2 }
covariates: [before]
bandwidth: 0.3
`,
  'analytics/below.yml': `kind: discontinuity
as_of: 2026-06-01
units: { model: scores }
running: turned
cutoff: 0
treated: below
treatment: grant
outcome: later
`,
  'analytics/fuzzy.yml': `kind: discontinuity
as_of: 2026-06-01
units: { model: scores }
running: score
cutoff: 0
treatment: { name: grant, column: taken }
outcome: later
bandwidth: 0.5
kernel: uniform
`,
  'analytics/few.yml': `kind: discontinuity
as_of: 2026-06-01
units: { model: scores }
running: score
cutoff: 5
treatment: grant
outcome: later
`,
  'analytics/its.yml': `kind: interrupted_series
as_of: 2026-06-01
series: { model: series, time: day }
treatment: new prices
changed_at: "2026-02-10"
outcome: sales
lags: 3
`,
  'analytics/same.yml': `kind: interrupted_series
as_of: 2026-06-01
series: { model: series, time: day }
treatment: new prices
changed_at: "2026-02-10"
outcome: sales
covariates: [t]
`,
  'analytics/late.yml': `kind: interrupted_series
as_of: 2026-06-01
series: { model: series, time: t }
treatment: new prices
changed_at: 500
outcome: sales
`,
}

const hourly = (name: string, changedAt: string) => ({
  [`analytics/${name}.yml`]: `kind: interrupted_series
as_of: 2026-06-01
series: { model: series, time: hour }
treatment: new prices
changed_at: ${changedAt}
outcome: sales
lags: 3
`,
})

describe('a discontinuity and an interrupted series', () => {
  const database = useProjectDatabase()
  const rowsOf = (table: string): Promise<Row[]> =>
    database.rows(sql`select * from ${sql.ident('analytics', table)}`) as Promise<Row[]>
  const of = async (job: string, method: string, estimand?: string): Promise<Row> =>
    (await rowsOf(job)).find((row) => row.method === method && (estimand ?? row.estimand) === row.estimand)!
  const near = (found: number, wanted: number, tolerance: number): void =>
    expect(Math.abs(found / wanted - 1)).toBeLessThan(tolerance)

  beforeAll(async () => {
    const n = 600
    const scores = Array.from({ length: n }, (_, i) => {
      const at = -1 + (2 * (i + 0.5)) / n
      const x = Math.sign(at) * Math.abs(at) ** 1.2
      return {
        ...{ score: x, turned: -x, before: Math.cos(3.3 * i * i) },
        later:
          1 + 2 * x + 1.5 * x * x + (x >= 0 ? 0.7 - 0.8 * x : 0) + 0.4 * Math.sin(37.1 * i + 0.3 * i * i),
        taken: (x >= 0 ? 0.55 : 0) + 0.2 + 0.1 * x + 0.35 * Math.sin(11.7 * i * i + 2.1 * i) > 0.45,
      }
    })
    const series = Array.from({ length: 60 }, (_, t) => {
      const after = t >= 40 ? 1 : 0
      return {
        t,
        sales:
          10 +
          0.2 * t +
          3 * after +
          0.15 * after * (t - 40) +
          Math.sin(0.9 * t) +
          0.5 * Math.sin(5.3 * t * t),
      }
    })
    await database.rows(sql`create schema raw`)
    await database.rows(
      sql`create table raw.scores (score float8, turned float8, before float8, later float8, taken boolean)`,
    )
    await database.rows(sql`create table raw.series (t int, sales float8)`)
    await database.rows(
      sql`insert into raw.scores select * from jsonb_populate_recordset(null::raw.scores, ${JSON.stringify(scores)}::jsonb)`,
    )
    await database.rows(
      sql`insert into raw.series select * from jsonb_populate_recordset(null::raw.series, ${JSON.stringify(series)}::jsonb)`,
    )
    const all = { ...files, ...hourly('hours', "'2026-01-02T16:00'"), ...hourly('year', '2026') }
    const { result } = await withProject(all, (root) => runProject(root, database.connection))
    expect(result.problems).toEqual([])
    expect(result.published).toBe(true)
  })

  test('the jump and its robust interval are those of rdrobust, sharp and fuzzy', async () => {
    for (const [job, key] of [
      ['sharp', 'tri|0.3'],
      ['fuzzy', 'uni|0.5|fuzzy'],
    ] as const) {
      const wanted = computed.rdd.fits[key]
      const [line, robust] = [await of(job, 'local_linear'), await of(job, 'robust_bias_corrected')]
      near(line.estimate, wanted.coef[0], 1e-7)
      near(line.std_error, wanted.se[0], 1e-6)
      near(robust.estimate, wanted.coef[2], 1e-7)
      near(robust.std_error, wanted.se[2], 1e-6)
      expect(robust.estimand).toBe(job === 'fuzzy' ? 'late_at_cutoff' : 'ate_at_cutoff')
    }
    const [verdict] = await rowsOf('sharp__verdict')
    expect(verdict!['sentence']).toMatch(/^grant changes later at the cutoff by/)
    expect((await of('below', 'robust_bias_corrected'))['diagnostics']).toMatchObject({
      bandwidth_rule: 'imbens_kalyanaraman',
    })
    expect((await of('below', 'robust_bias_corrected')).estimate).toBeGreaterThan(0)
  })

  test('crowding, covariates, placebo cutoffs and other bandwidths are looked at', async () => {
    const checks = await rowsOf('sharp__checks')
    expect(checks.map((row) => [row['check_name'], row.verdict])).toEqual([
      ['units', 'ok'],
      ['density', 'ok'],
      ['continuity_of_before', 'ok'],
    ])
    const refutations = await rowsOf('sharp__refutations')
    expect(refutations.map((row) => row['refuter'])).toEqual([
      'placebo_cutoff',
      'placebo_cutoff',
      'other_bandwidths',
    ])
    for (const row of refutations) expect(row.message.startsWith(row.verdict)).toBe(true)
  })

  test('the series has the jump and slope of statsmodels, by dates', async () => {
    const wanted = computed.its.by_lags[3]
    const level = await of('its', 'segmented_regression', 'level_change')
    near(level.estimate, wanted.params[2], 1e-8)
    near(level.std_error, wanted.se_corrected[2], 1e-8)
    near((await of('its', 'segmented_regression', 'slope_change')).estimate, wanted.params[3], 1e-8)
    expect((await rowsOf('its__refutations'))[0]).toMatchObject({
      refuter: 'placebo_date',
      verdict: 'passes',
    })
    expect((await rowsOf('its__checks'))[0]!.message).toBe('40 times before the change and 20 after')
    // An instant that names no zone is in UTC, wherever this runs.
    const hours = await of('hours', 'segmented_regression', 'level_change')
    expect(hours.estimate).toBeCloseTo(level.estimate, 9)
    const [year] = await rowsOf('year__verdict')
    expect(year!['sentence']).toContain('changed_at is not told as the times are')
    expect((await of('same', 'segmented_regression', 'att'))['reason']).toBe(
      't is a combination of the others',
    )
    const [verdict] = await rowsOf('late__verdict')
    expect(verdict).toMatchObject({ verdict: 'refused' })
    expect(verdict!['sentence']).toContain('the change lies after the last time of the series')
  })

  test.each([
    [
      'dated',
      ['running: day', 'units: { model: more }', 'outcome: later'],
      "column 'day' is date; it has to be a number or true/false",
    ],
    [
      'lost',
      ['running: score', 'units: { model: more }', 'outcome: gained'],
      'of 1 rows something is not known: gained of 1',
    ],
    [
      'nowhere',
      ['running: score', 'units: { model: more, where: gone }', 'outcome: later'],
      "'more' has no column 'gone'",
    ],
    [
      'condition',
      ['running: score', 'units: { model: more, where: before }', 'outcome: later'],
      "column 'before' is double precision; a condition without values needs one that is true or false",
    ],
  ])('%s is refused with the reason', async (name, lines, message) => {
    const wrong = {
      'models/more.sql': `
        select *, date '2026-01-01' + (score * 100)::int as day,
          nullif(later, (select max(later) from raw.scores)) as gained
        from raw.scores`,
      [`analytics/${name}.yml`]: `kind: discontinuity
as_of: 2026-06-01
cutoff: 0
treatment: grant
${lines.join('\n')}
`,
    }
    const { result } = await withProject(wrong, (root) =>
      runProject(root, database.connection, { select: [`+${name}`] }),
    )
    expect(result.published).toBe(false)
    expect(JSON.stringify(result)).toContain(message)
  })

  test('a verdict that is refused says of what it would have been', async () => {
    const [verdict] = await rowsOf('few__verdict')
    expect(verdict).toMatchObject({ verdict: 'refused', estimand: 'ate_at_cutoff' })
  })
})
