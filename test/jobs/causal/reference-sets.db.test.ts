import { beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../../src/warehouse/index.ts'
import { withProject } from '../../project/temp-project.ts'
import { hasReferenceData } from '../../reference-data.ts'
import { runProject, useProjectDatabase } from '../../run/run-project.ts'
import { readColumns, readResults } from '../../stats/causal/published.ts'

/*
 * Published data sets through the whole job: loaded, asked in YAML, answered in tables.
 */

const question = (table: string, lines: readonly string[]): string =>
  [`kind: causal\nas_of: 2026-06-01\nunits: { model: ${table}, unit: id }`, ...lines].join('\n')

const jobTraining = (table: string, races: string, married: string): string =>
  question(table, [
    'treatment: treat',
    'outcome: re78',
    `covariates: [age, educ, ${races}, ${married}, nodegree, re74, re75]`,
    'estimand: [ate, att, atc]',
    'overlap: { extreme: 0, effective_share: 0, heaviest_share: 1 }',
    `estimators:
  - regression_adjustment
  - ipw
  - { method: ipw, name: ipw_ht, form: horvitz_thompson }
  - overlap_weighting
  - { method: aipw, errors: influence }
  - stratification
  - { method: stratification, name: subclass6, strata: 6, among: treated, closed: left }
  - { method: propensity_matching, name: shared, distance: score }
  - { method: propensity_matching, name: first, distance: score, ties: first }
  - { method: propensity_matching, name: pairs, distance: score, replacement: false }
  - { method: propensity_matching, name: two, distance: score, replacement: false, ratio: 2 }
  - { method: propensity_matching, name: near, distance: score, replacement: false, caliper: 0.2 }
  - { method: propensity_matching, name: near_data, distance: score, replacement: false, caliper: 0.2, order: data }
  - { method: propensity_matching, name: near_logit, replacement: false, caliper: 0.2 }`,
    'refuters: [robustness_value]',
  ])

const files = {
  'models/lalonde.sql': 'select * from raw.lalonde',
  'models/nsw.sql': 'select * from raw.nsw',
  'models/card.sql': 'select * from raw.card',
  'analytics/lalonde_job.yml': jobTraining('lalonde', 'black, hispan', 'married'),
  'analytics/nsw_job.yml': jobTraining('nsw', 'black, hisp', 'marr'),
  'analytics/card_job.yml': question('card', [
    'treatment: { column: educ, kind: continuous }',
    'outcome: lwage',
    `graph:
  - nearc4 -> educ -> lwage
  - educ <-> lwage
  - exper, expersq, black, smsa, south, smsa66, reg662, reg663, reg664, reg665, reg666, reg667, reg668, reg669 -> nearc4, educ, lwage`,
    'estimators: [two_stage_least_squares]',
    'refuters: []',
  ]),
}

describe.runIf(hasReferenceData())('published data through the job', () => {
  const database = useProjectDatabase()

  const load = async (table: string, set: string, more: Record<string, Float64Array> = {}) => {
    const { n, column } = readColumns(set)
    const columns = { ...more, ...Object.fromEntries(wanted[table]!.map((name) => [name, column(name)])) }
    const rows = Array.from({ length: n }, (_, row) => ({
      id: row + 1,
      ...Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]])),
    }))
    const list = sql.join(
      Object.keys(columns).map((name) => sql`${sql.ident(name)} float8`),
      sql`, `,
    )
    await database.rows(sql`
      create table ${sql.ident('raw', table)} as
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row(id int, ${list})`)
  }

  const wanted: Record<string, string[]> = {
    lalonde: ['treat', 'age', 'educ', 'married', 'nodegree', 're74', 're75', 're78'],
    nsw: ['treat', 'age', 'educ', 'black', 'hisp', 'marr', 'nodegree', 're74', 're75', 're78'],
    card: [
      ...['lwage', 'educ', 'nearc4', 'exper', 'expersq', 'black', 'smsa', 'south', 'smsa66'],
      ...[2, 3, 4, 5, 6, 7, 8, 9].map((place) => `reg66${place}`),
    ],
  }

  beforeAll(async () => {
    await database.rows(sql`create schema raw`)
    const { says } = readColumns('lalonde_matchit')
    await load('lalonde', 'lalonde_matchit', { black: says('race', 'black'), hispan: says('race', 'hispan') })
    await load('nsw', 'nsw_dw')
    await load('card', 'card')
    const { result } = await withProject(files, (root) => runProject(root, database.connection))
    expect(result.problems).toEqual([])
    expect(result.results.flatMap(({ problem }) => (problem ? [problem.message] : []))).toEqual([])
  })

  const estimatesOf = async (job: string) => {
    const rows = (await database.rows(sql`
      select method, estimand, estimate, std_error, reason, diagnostics from ${sql.ident('analytics', job)}`)) as {
      method: string
      estimand: string
      estimate: number
      std_error: number
      reason: string | null
      diagnostics: Record<string, number>
    }[]
    return (method: string, estimand: string) =>
      rows.find((row) => row.method === method && row.estimand === estimand)!
  }

  test.each([
    ['lalonde_job', 'lalonde_matchit'],
    ['nsw_job', 'nsw_dw'],
  ])('%s', async (job, set) => {
    const of = await estimatesOf(job)
    const known = readResults(set).computed.python.causal_logit_ols
    const near = (method: string, estimand: string, value: number, digits = 5) =>
      expect(
        of(method, estimand).estimate,
        `${method} ${estimand} ${of(method, estimand).reason}`,
      ).toBeCloseTo(value, digits)
    near('naive_difference', 'association', known.naive_diff_means)
    expect(of('naive_difference', 'association').std_error).toBeCloseTo(known.naive_welch_se, 6)
    near('regression_adjustment', 'ate', known.ra_ate)
    near('regression_adjustment', 'att', known.ra_att)
    near('ipw', 'ate', known.ipw_hajek_ate, 3)
    near('ipw', 'att', known.ipw_hajek_att, 3)
    near('ipw', 'atc', known.ipw_hajek_atc, 3)
    near('ipw_ht', 'ate', known.ipw_ht_ate, 3)
    near('overlap_weighting', 'ato', known.overlap_weights_ato, 3)
    near('aipw', 'ate', known.aipw_ate, 3)
    near('aipw', 'att', known.aipw_att, 3)
    expect(of('aipw', 'ate').std_error).toBeCloseTo(known.aipw_ate_if_se, 3)
    expect(of('aipw', 'att').std_error).toBeCloseTo(known.aipw_att_if_se, 3)
    near('stratification', 'ate', known.ps_quintile_strat.ate)
    near('stratification', 'att', known.ps_quintile_strat.att)
    near('shared', 'att', known.nn1_replace_ties_averaged_att)
    near('shared', 'ate', known.nn1_replace_ties_averaged_ate)
    near('first', 'att', known.nn1_replace_att)
  })

  test("MatchIt's strata and pairs", async () => {
    const of = await estimatesOf('lalonde_job')
    const { R, python } = readResults('lalonde_matchit').computed
    expect(of('subclass6', 'att').estimate).toBeCloseTo(R.subclass6.effect.att, 6)
    for (const [method, name] of [
      ['pairs', 'nn_1to1_noreplace_largest'],
      ['two', 'nn_2to1_noreplace'],
      ['near', 'nn_1to1_caliper0.2sd_ps'],
      ['near_data', 'nn_1to1_caliper0.2sd_ps_data_order'],
      ['near_logit', 'nn_1to1_caliper0.2sd_logit'],
    ] as const)
      expect(of(method, 'att').estimate, name).toBeCloseTo(python.greedy_matching_python[name].att, 6)
  })

  test('what schooling returns, by the distance to a college', async () => {
    const row = (await estimatesOf('card_job'))('two_stage_least_squares', 'late')
    const known = readResults('card').computed.R.iv_nearc4
    expect(row.estimate).toBeCloseTo(known.educ, 8)
    expect(row.std_error).toBeCloseTo(known.se, 8)
    expect(row.diagnostics['first_stage_f']).toBeCloseTo(known.first_stage_F, 5)
    expect(row.diagnostics['wu_hausman_f']).toBeCloseTo(known.wu_hausman_F, 5)
  })
})
