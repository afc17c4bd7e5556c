import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../../src/warehouse/index.ts'
import { withProject } from '../../project/temp-project.ts'
import { runProject, useProjectDatabase } from '../../run/run-project.ts'
import { madeRows } from '../../stats/causal/panel/made-panel.ts'

const computed = JSON.parse(readFileSync('test/reference/causal_methods.json', 'utf8'))
const csdid = computed.did.group_time

/** A row of any of the tables. */
interface Row {
  readonly [column: string]: unknown
  readonly outcome: string
  readonly estimand: string
  readonly method: string
  readonly segment_name: string | null
  readonly segment_value: string | null
  readonly estimate: number
  readonly std_error: number
  readonly ci_lower: number
  readonly ci_upper: number
  readonly p_value: number
  readonly status: string
  readonly reason: string | null
  readonly message: string
  readonly verdict: string
  readonly sentence: string
}

const question = (name: string, lines: readonly string[]): Record<string, string> => ({
  [`analytics/${name}.yml`]: `kind: did\nas_of: 2026-06-01\n${lines.join('\n')}\n`,
})

const panel = 'panel: { model: panel, unit: unit, time: period }'
const usual = [panel, 'treatment: { first_treated: first_treated, name: offer }', 'outcome: sales']

const files = {
  'models/panel.sql': 'select * from raw.panel',
  'models/weekly.sql': `
    select *, date '2026-01-01' + (period - 1) * 7 as week, 'region ' || first_treated as region, unit % 40 as town
    from raw.panel`,
  'models/dates.sql':
    "select 'offer' as feature, 4 as region, 4 as started union all select 'offer', 4, 5 union all select 'other', 3, 3",
  'models/rollouts.sql': `
    select distinct 'offer' as feature, 'region ' || first_treated as region,
      date '2026-01-01' + (first_treated - 1) * 7 + 2 as started_on
    from raw.panel where first_treated > 0`,
  ...question('sums', [...usual, 'refuters: [placebo_dates, leave_one_group_out]']),
  ...question('rows', [
    ...usual,
    `estimators:
  - two_by_two
  - twfe
  - callaway_santanna
  - { method: callaway_santanna, name: not_yet, control: not_yet_treated, base: universal }`,
    `refuters:
  - placebo_dates
  - leave_one_group_out
  - { refuter: placebo_groups, simulations: 40 }
  - { refuter: data_subset, simulations: 40 }`,
  ]),
  ...question('adjusted', [
    ...usual,
    'covariates: [x]',
    `estimators:
  - callaway_santanna
  - { method: callaway_santanna, name: reg, adjustment: regression }
  - { method: callaway_santanna, name: ipw, adjustment: ipw, control: not_yet_treated }`,
    'errors: bootstrap',
    'refuters: [placebo_dates]',
  ]),
  ...question('dated', [
    'panel: { model: weekly, unit: unit, time: week }',
    `treatment:
  name: offer
  group: region
  rollout: { model: rollouts, group: region, date: started_on, where: { column: feature, values: [offer] } }`,
    'outcomes: [sales, { name: margin, column: sales, claim: { value: 3, by: the shops } }]',
    'cluster: town',
    'refuters: [leave_one_group_out]',
  ]),
  ...question('status', [
    panel,
    'treatment: { status: treated }',
    'outcome: sales',
    'estimators: [callaway_santanna]',
    'refuters: []',
  ]),
  ...question('mixed', [
    ...usual,
    'estimators: [two_by_two, callaway_santanna]',
    'errors: { kind: bootstrap, draws: 100 }',
    'refuters: []',
  ]),
  ...question('synthetic', [
    'panel: { model: panel, unit: unit, time: period, where: few }',
    'treatment: { first_treated: first_treated }',
    'outcome: sales',
    'cluster: unit',
    'estimators: [synthetic_control, synthetic_did]',
    'refuters: []',
  ]),
}

describe('difference in differences over a panel', () => {
  const database = useProjectDatabase()
  const run = (more: Record<string, string> = {}, select?: string) =>
    withProject({ ...files, ...more }, (root) =>
      runProject(root, database.connection, select === undefined ? {} : { select: [select] }),
    )
  const rowsOf = (table: string): Promise<Row[]> =>
    database.rows(sql`select * from ${sql.ident('analytics', table)}`) as Promise<Row[]>
  const overall = async (job: string, method: string, estimand = 'att'): Promise<Row> =>
    (await rowsOf(job)).find(
      (row) => row.method === method && row.estimand === estimand && row.segment_name === null,
    )!
  const near = (found: number, wanted: number, tolerance = 1e-7): void =>
    expect(Math.abs(found - wanted)).toBeLessThan(tolerance * (1 + Math.abs(wanted)))

  beforeAll(async () => {
    const { unit, period, outcome, firstTreated, covariates, treatment } = madeRows()
    const rows = unit.map((_, row) => ({
      ...{ unit: unit[row], period: period[row], sales: outcome[row], x: covariates[0]![row] },
      ...{ first_treated: firstTreated[row], treated: treatment[row] === 1 },
      few:
        ((unit[row]! - 1) % 4 === 0 && unit[row]! <= 53) || ((unit[row]! - 1) % 4 === 3 && unit[row]! <= 12),
    }))
    await database.rows(sql`create schema raw`)
    await database.rows(sql`
      create table raw.panel (
        unit int, period int, sales float8, x float8, first_treated int, treated boolean, few boolean
      )`)
    await database.rows(sql`
      insert into raw.panel select * from jsonb_populate_recordset(null::raw.panel, ${JSON.stringify(rows)}::jsonb)`)
    const { result } = await run()
    expect(result.problems).toEqual([])
    expect(result.published).toBe(true)
  })

  test.each([
    ['sums', 'callaway_santanna', 'nevertreated|None|dr|varying', 1],
    ['rows', 'callaway_santanna', 'nevertreated|None|dr|varying', 1],
    ['rows', 'not_yet', 'notyettreated|None|dr|universal', 1],
    ['adjusted', 'callaway_santanna', 'nevertreated|y~x|dr|varying', 1],
    ['adjusted', 'reg', 'nevertreated|y~x|reg|varying', 1],
    ['adjusted', 'ipw', 'notyettreated|y~x|ipw|varying', 1],
    ['status', 'callaway_santanna', 'nevertreated|None|dr|varying', 1],
  ])('%s: %s has the group-time effects, errors and aggregations of csdid', async (job, method, key) => {
    const wanted = csdid[key]
    const cells = (await rowsOf(`${job}__group_time`)).filter((row) => row.method === method)
    expect(cells.map((row) => Number(row['first_treated']))).toEqual(wanted.group)
    expect(cells.map((row) => Number(row['period']))).toEqual(wanted.time)
    for (const [index, cell] of cells.entries()) {
      near(cell.estimate, wanted.att[index])
      if (cell.std_error !== null) near(cell.std_error, wanted.se[index])
    }
    const estimands = {
      ...{ simple: 'att', group: 'att_by_group', calendar: 'att_by_period' },
      dynamic: 'att_by_time_since',
    }
    for (const [name, estimand] of Object.entries(estimands)) {
      const row = await overall(job, method, estimand)
      near(row.estimate, wanted.agg[name].overall_att[0])
      // A bootstrap of 1,000 draws knows an error to some five percent.
      near(row.std_error, wanted.agg[name].overall_se[0], job === 'adjusted' ? 0.1 : 1e-7)
    }
    const study = (await rowsOf(`${job}__event_study`)).filter((row) => row.method === method)
    expect(study.map((row) => row['periods_since'])).toEqual(wanted.agg.dynamic.egt)
    for (const [index, row] of study.entries()) near(row.estimate, wanted.agg.dynamic.att_egt[index])
    const bands = study.filter((row) => row['band_lower'] !== null)
    expect(bands.length > 0).toBe(job === 'adjusted')
    for (const row of bands) expect(Number(row['band_lower'])).toBeLessThan(row.ci_lower)
  })

  test('sums in the database say what units say', async () => {
    const pick = (rows: readonly Row[]) =>
      rows.filter(({ method }) => ['two_by_two', 'twfe', 'naive_difference', 'before_after'].includes(method))
    const [sums, units] = [pick(await rowsOf('sums')), pick(await rowsOf('rows'))]
    expect(sums).toHaveLength(4)
    for (const [index, row] of sums.entries())
      for (const key of ['estimate', 'std_error', 'ci_lower', 'p_value'] as const)
        near(row[key], units[index]![key])
    near((await overall('sums', 'twfe')).estimate, computed.did.twfe.estimate)
  })

  test('a roll-out table of dates, weeks and clusters say the same', async () => {
    const plain = await overall('sums', 'callaway_santanna')
    const dated = await overall('dated', 'callaway_santanna')
    near(dated.estimate, plain.estimate)
    expect(dated.std_error).not.toBeCloseTo(plain.std_error, 4)
    const cells = await rowsOf('dated__group_time')
    expect(cells[0]).toMatchObject({ outcome: 'sales', first_treated: '2026-01-15', period: '2026-01-08' })
    const checks = await rowsOf('dated__checks')
    expect(checks.find((row) => row['check_name'] === 'clusters')).toMatchObject({
      verdict: 'ok',
      message: '40 clusters',
    })
    const verdicts = await rowsOf('dated__verdict')
    expect(verdicts.find(({ outcome }) => outcome === 'margin')!.sentence).toContain(
      "The shops's 3 overstates the effect by 98 %.",
    )
  })

  test('intervals say whether a bootstrap made them', async () => {
    const kinds = (await rowsOf('mixed')).map((row) => [row.method, row['ci_kind']])
    expect(
      new Set(kinds.filter(([method]) => method === 'callaway_santanna').map(([, kind]) => kind)),
    ).toEqual(new Set(['bootstrap']))
    const others = kinds.filter(([method]) => method !== 'callaway_santanna')
    expect(others).toEqual([
      ['naive_difference', 'fixed_horizon'],
      ['before_after', 'fixed_horizon'],
      ['two_by_two', 'fixed_horizon'],
    ])
    const [mixed, plain] = [await overall('mixed', 'two_by_two'), await overall('sums', 'two_by_two')]
    near(mixed.std_error, plain.std_error)
  })

  test('synthetic controls have the weights of other software', async () => {
    near(
      (await overall('synthetic', 'synthetic_control')).estimate,
      computed.synthetic.control.estimate,
      1e-4,
    )
    near((await overall('synthetic', 'synthetic_did')).estimate, computed.synthetic.difference.estimate, 1e-4)
    const { convention } = (await overall('synthetic', 'synthetic_did'))['diagnostics'] as {
      convention: string
    }
    expect(convention).toMatch(/; by unit, not by cluster \(unit\)$/)
    const weights = await rowsOf('synthetic__synthetic_weights')
    const total = weights
      .filter((row) => row.method === 'synthetic_did' && row['of_what'] === 'unit')
      .reduce((sum, row) => sum + Number(row['weight']), 0)
    near(total, 1, 1e-5)
  })

  test('checks, refuters, verdict and memo', async () => {
    const checks = await rowsOf('rows__checks')
    const trend = checks.find((row) => row['check_name'] === 'parallel_trends_before')!
    expect(trend).toMatchObject({ verdict: 'ok', outcome: 'sales' })
    expect(checks.find((row) => row['check_name'] === 'treated_groups')!.message).toBe(
      'first treated: 3 (30), 4 (30), 6 (30)',
    )
    const refutations = await rowsOf('rows__refutations')
    expect(refutations.map((row) => [row['refuter'], row.verdict])).toEqual([
      ['placebo_dates', 'passes'],
      ['leave_one_group_out', 'passes'],
      ['placebo_groups', 'passes'],
      ['data_subset', 'passes'],
    ])
    const [verdict] = await rowsOf('rows__verdict')
    expect(verdict).toMatchObject({ verdict: 'effect', method: 'callaway_santanna', estimand: 'att' })
    expect(verdict!.sentence).toContain('It passes all 4 attempts to refute it.')
    const share = await overall('rows', 'callaway_santanna', 'att_relative')
    expect(share).toMatchObject({ scale: 'relative', status: 'ok' })
    const memos = await rowsOf('rows__memo')
    const html = String(memos.find((row) => row['format'] === 'html')!['document'])
    expect(html).toContain('periods since treatment began')
    expect(html).not.toMatch(/(src|href)=["']?http/)
  })

  test.each([
    [
      'duplicates',
      'select * from raw.panel union all select * from raw.panel where unit = 7',
      usual,
      "'unit' and 'period' are not the key of a row: 6 of 726 rows repeat one, such as '7'",
    ],
    [
      'gaps',
      'select * from raw.panel where not (unit = 3 and period = 2)',
      usual,
      'the panel is not balanced: 1 of 120 units are not seen in all 6 periods',
    ],
    [
      'off',
      'select *, treated and not (unit = 2 and period = 6) as on_now from raw.panel',
      [panel, 'treatment: { status: on_now }', 'outcome: sales'],
      "treatment switches off in 1 units, such as '2'",
    ],
    [
      'moved',
      'select *, case when unit = 2 and period = 6 then 5 else first_treated end as began from raw.panel',
      [panel, 'treatment: began', 'outcome: sales'],
      '1 units have more than one date of first treatment',
    ],
    [
      'unknown',
      'select unit, period, first_treated, x, treated, few, nullif(sales, (select max(sales) from raw.panel)) as sales from raw.panel',
      usual,
      'of 1 rows something is not known: sales of 1',
    ],
    [
      'infinite',
      "select unit, period, first_treated, x, treated, few, case when unit = 9 and period = 2 then 'NaN' else sales end as sales from raw.panel",
      usual,
      'of 1 rows something is not known: sales of 1',
    ],
    [
      'worded',
      "select *, 'week ' || first_treated as began from raw.panel",
      [panel, 'treatment: began', 'outcome: sales'],
      "'began' is text and 'period' integer: when treatment began has to be told as periods are",
    ],
    [
      'two_dates',
      'select * from raw.panel',
      [
        panel,
        `treatment:
  group: first_treated
  rollout: { model: dates, group: region, date: started, where: { column: feature, values: [offer] } }`,
        'outcome: sales',
      ],
      "'dates' has several dates for region '4'",
    ],
  ])('%s are refused with the reason', async (name, model, lines, message) => {
    const { result } = await run({ 'models/panel.sql': model, ...question(name, lines) }, `+${name}`)
    expect(result.published).toBe(false)
    expect(JSON.stringify(result)).toContain(JSON.stringify(message).slice(1, -1))
  })

  test('a panel that has just begun is told in rows', async () => {
    const { result } = await run(
      { 'models/panel.sql': 'select * from raw.panel where period = 1', ...question('once', usual) },
      '+once',
    )
    expect(result.problems).toEqual([])
    const rows = await rowsOf('once')
    expect(rows.map(({ status, method }) => [status, method])).toEqual([
      ['refused', 'two_by_two'],
      ['refused', 'twfe'],
      ['refused', 'callaway_santanna'],
    ])
    expect(rows[0]!.reason).toBe('there is one period only, 1: a change needs two')
  })

  test('what cannot be told is a row with the reason', async () => {
    const { result } = await run(
      {
        'models/panel.sql': 'select *, 1 as whole from raw.panel where first_treated > 0',
        ...question('nobody', [
          ...usual,
          'cluster: whole',
          'estimators: [two_by_two, twfe, callaway_santanna, { method: callaway_santanna, name: later, control: not_yet_treated }]',
        ]),
      },
      '+nobody',
    )
    expect(result.problems).toEqual([])
    const rows = (await rowsOf('nobody')).filter((row) => row.segment_name === null)
    const reasonOf = (method: string) => rows.find((row) => row.method === method)!.reason
    expect(reasonOf('two_by_two')).toBe('no unit is never treated')
    expect(reasonOf('twfe')).toBe('errors need two clusters or more, and there is 1')
    expect(reasonOf('callaway_santanna')).toBe('no unit is never treated: compare with those not yet treated')
    expect(reasonOf('later')).toContain('errors need two clusters or more')
    const [verdict] = await rowsOf('nobody__verdict')
    expect(verdict!.verdict).toBe('refused')
  })
})
