import { beforeAll, describe, expect, test } from 'vitest'
import { makeRandom } from '../../../src/stats/index.ts'
import { sql } from '../../../src/warehouse/index.ts'
import { withProject } from '../../project/temp-project.ts'
import { runProject, useProjectDatabase } from '../../run/run-project.ts'

const size = 4000
const effect = 2

/** A row of any of the tables. */
interface Row {
  readonly [column: string]: unknown
  readonly outcome: string
  readonly estimand: string
  readonly method: string
  readonly estimate: number
  readonly std_error: number
  readonly n: number
  readonly n_treated: number
  readonly status: string
  readonly reason: string | null
  readonly diagnostics: Readonly<Record<string, number>>
  readonly covariate: string
  readonly difference: number
  readonly adjusted: boolean
  readonly naive: number
  readonly bias_share: number
  readonly sentence: string
}

interface Unit {
  readonly user_id: number
  readonly used: boolean
  readonly plan: string
  readonly invited: boolean
  readonly age: number
  readonly country: string
  readonly late: number | null
  readonly before: number
  readonly clicks: number
  readonly won: number
  readonly spend: number
  readonly visits: number
}

/** Those who are older and from Germany use it more and spend more; the invitation moves use alone. */
function makeUnits(): Unit[] {
  const random = makeRandom(5)
  return Array.from({ length: size }, (_, index) => {
    const age = random.normal()
    const isGerman = random.bernoulli(0.4)
    const invited = random.bernoulli(0.5)
    const odds = -0.8 + 0.8 * age + 0.5 * (isGerman ? 1 : 0) + 0.9 * (invited ? 1 : 0)
    const used = random.bernoulli(1 / (1 + Math.exp(-odds)))
    const usual = 10 + 1.5 * age + (isGerman ? 2 : 0)
    const clicks = (used ? 1 : 0) + random.normal()
    return {
      user_id: index + 1,
      used,
      plan: index % 10 === 0 ? 'trial' : used ? 'pro' : 'free',
      invited,
      age,
      country: isGerman ? 'DE' : random.bernoulli(0.5) ? 'FR' : 'IT',
      late: index % 99 === 0 ? null : age,
      clicks,
      won: 0.5 * clicks + age + random.normal(),
      before: usual + random.normal(),
      spend: usual + (used ? effect : 0) + random.normal(),
      visits: random.poisson(Math.exp(0.3 * age + (used ? 0.4 : 0))),
    }
  })
}

const question = (name: string, lines: readonly string[]): Record<string, string> => ({
  [`analytics/${name}.yml`]: `kind: causal\nas_of: 2026-06-01\n${lines.join('\n')}\n`,
})

const graph =
  'graph: [age -> used, age -> spend, country -> used, country -> spend, invited -> used, used -> spend]'
const usual = ['units: { model: users, unit: user_id }', 'treatment: used', 'outcome: spend', graph]

const files = {
  'models/users.sql': 'select * from raw.users',
  ...question('whole', [
    ...usual,
    'estimand: [ate, att]',
    `estimators:
  - regression_adjustment
  - { method: propensity_matching, caliper: 0.2 }
  - { method: propensity_matching, name: matching_by_country, exact: [country] }
  - stratification
  - ipw
  - { method: ipw, name: ipw_ht, form: horvitz_thompson }
  - overlap_weighting
  - entropy_balancing
  - aipw
  - ipw_regression_adjustment
  - two_stage_least_squares
  - wald`,
    `refuters:
  - { refuter: placebo_treatment, simulations: 40 }
  - { refuter: random_common_cause, simulations: 40 }
  - { refuter: data_subset, simulations: 40 }
  - { refuter: unobserved_common_cause, strengths: [0.05, 0.3] }
  - robustness_value
  - e_value
  - { refuter: negative_control, outcome: before }`,
  ]),
  ...question('sums', [
    ...usual,
    'estimand: [ate, att, atc]',
    'estimators: [regression_adjustment, wald]',
    'refuters: [placebo_treatment, robustness_value]',
  ]),
  ...question('rows', [
    ...usual,
    'estimand: [ate, att, atc]',
    'estimators: [regression_adjustment, aipw]',
    'refuters: []',
  ]),
  ...question('through', [
    ...usual.slice(0, 3),
    'graph: [age -> used, age -> spend, age -> visits, country -> used, country -> spend, used -> visits, visits -> spend, used -> spend]',
    'mediators: [visits]',
    'estimators: [mediation, { method: dml_plr, repetitions: 3 }, dml_irm]',
    'refuters: []',
  ]),
  ...question('front', [
    'units: { model: users, unit: user_id }',
    'treatment: used',
    'outcome: won',
    'graph: [used -> clicks, clicks -> won, used <-> won]',
    'refuters: [placebo_treatment, data_subset]',
  ]),
  ...question('moved', [
    ...usual,
    'estimators: [two_stage_least_squares]',
    'refuters: [placebo_treatment, dummy_outcome, random_common_cause, data_subset, bootstrap]',
  ]),
  ...question('amount', [
    'units: { model: users, unit: user_id }',
    'treatment: { column: clicks, kind: continuous }',
    'outcome: won',
    'covariates: [age]',
    'estimators: [regression_adjustment, dml_plr]',
    'refuters: [placebo_treatment, random_common_cause, bootstrap, robustness_value]',
  ]),
  ...question('plans', [
    'units: { model: users, unit: user_id, where: { column: country, values: [DE, FR] } }',
    'treatment: { column: plan, treated: pro, control: free }',
    'outcomes: [spend, { column: visits, name: visits_made }]',
    'covariates: [late]',
    'missing: drop',
    'estimators: [regression_adjustment, ipw]',
    'refuters: []',
  ]),
}

describe('causal questions over a relation of units', () => {
  const database = useProjectDatabase()

  const run = (more: Record<string, string> = {}) =>
    withProject({ ...files, ...more }, (root) => runProject(root, database.connection))

  const estimates = (job: string) =>
    database.rows(sql`
      select outcome, estimand, method, estimate, std_error, ci_lower, ci_upper, n, n_treated, status, reason, diagnostics
      from ${sql.ident('analytics', job)} order by outcome, estimand, method`) as Promise<Row[]>

  beforeAll(async () => {
    await database.rows(sql`create schema raw`)
    await database.rows(sql`
      create table raw.users (
        user_id bigint, used boolean, plan text, invited boolean, age float8, country text, late float8,
        before float8, clicks float8, won float8,        spend numeric, visits int
      )`)
    await database.rows(sql`
      insert into raw.users select * from jsonb_populate_recordset(null::raw.users, ${JSON.stringify(makeUnits())}::jsonb)`)
    const { result } = await run()
    expect(result.problems).toEqual([])
    expect(result.published).toBe(true)
  })

  test('the plain difference is wrong, and every method that adjusts holds the truth', async () => {
    const rows = await estimates('whole')
    const naive = rows.find(({ method }) => method === 'naive_difference')!
    expect(naive.estimand).toBe('association')
    expect(naive.estimate).toBeGreaterThan(effect + 0.8)
    const causal = rows.filter(({ estimand }) => estimand !== 'association')
    expect(new Set(causal.map(({ method }) => method)).size).toBe(12)
    for (const row of causal) {
      if (row.method === 'ipw_ht' && row.estimand === 'att') {
        expect(row.reason).toMatch(/all units only/)
        continue
      }
      expect(row, `${row.method} ${row.estimand}`).toMatchObject({ status: 'ok', reason: null })
      expect(Math.abs(row.estimate - effect) / row.std_error, `${row.method} ${row.estimand}`).toBeLessThan(
        3.5,
      )
    }
    expect(rows.find(({ method }) => method === 'wald')!.diagnostics.first_stage_f).toBeGreaterThan(50)
  })

  test('sums in the database say what the rows say', async () => {
    const adjusted = async (job: string) =>
      (await estimates(job)).filter(({ method }) => method === 'regression_adjustment')
    const [sums, rows] = [await adjusted('sums'), await adjusted('rows')]
    expect(sums.map(({ estimand }) => estimand)).toEqual(['atc', 'ate', 'att'])
    for (const [index, row] of rows.entries())
      for (const key of ['estimate', 'std_error', 'ci_lower', 'ci_upper'] as const)
        expect(sums[index]![key]).toBeCloseTo(Number(row[key]), 9)
    const naive = async (job: string) =>
      (await estimates(job)).find(({ estimand }) => estimand === 'association')!
    expect((await naive('sums')).estimate).toBeCloseTo((await naive('rows')).estimate, 10)
    const tables = await database.rows(sql`select to_regclass('analytics.sums__weights') as weights`)
    expect(tables).toEqual([{ weights: null }])
  })

  test('tells what goes through mediators, and the effect by them alone', async () => {
    const near = (row: Row, value: number) =>
      expect(Math.abs(row.estimate - value) / row.std_error).toBeLessThan(3.5)
    const through = await estimates('through')
    const of = (estimand: string) => through.find((row) => row.estimand === estimand)!
    near(of('nde'), effect)
    // Visits move with use, and move no spend.
    near(of('nie'), 0)
    near(of('ate'), effect)
    near(of('ato'), effect)
    expect(of('ato').diagnostics['repetitions']).toHaveLength(3)
    const front = await estimates('front')
    expect(front.map(({ method }) => method)).toEqual(['naive_difference', 'frontdoor'])
    expect(front[0]!.estimate).toBeGreaterThan(1)
    near(front[1]!, 0.5)
  })

  test('weights balance what they are to balance', async () => {
    const rows = (await database.rows(sql`
      select method, covariate, adjusted, standardized_difference as difference
      from analytics.whole__balance where estimand = 'ate'`)) as Row[]
    const of = (method: string, covariate: string): number =>
      Math.abs(rows.find((row) => row.method === method && row.covariate === covariate)!.difference)
    expect(of('unadjusted', 'age')).toBeGreaterThan(0.5)
    expect(of('entropy_balancing', 'age')).toBeLessThan(1e-8)
    expect(of('ipw', 'country = FR')).toBeLessThan(0.05)
    expect(of('propensity_matching', 'age')).toBeLessThan(0.05)
    expect(rows.find(({ covariate }) => covariate === 'invited')!.adjusted).toBe(false)
  })

  test('weights, scores and pairs come back with the keys of their units', async () => {
    const [weights] = await database.rows(sql`
      select count(*)::int as n, min(propensity) > 0 as positive,
        bool_and(abs(ipw_ate - 1 / case when treated then propensity else 1 - propensity end) < 1e-9) as inverse,
        bool_and(treated = users.used) as same
      from analytics.whole__weights join raw.users on users.user_id = unit`)
    expect(weights).toEqual({ n: size, positive: true, inverse: true, same: true })
    const [pairs] = await database.rows(sql`
      select count(*) > 1000 as many, bool_and(a.used and not b.used) as unlike, bool_and(a.country = b.country) as exact
      from analytics.whole__matches as pair
      join raw.users as a on a.user_id = pair.unit join raw.users as b on b.user_id = pair.match
      where method = 'matching_by_country' and estimand = 'att'`)
    expect(pairs).toEqual({ many: true, unlike: true, exact: true })
  })

  test('tells how the effect was told', async () => {
    const rows = await database.rows(sql`
      select kind, variables, chosen, note from analytics.whole__identification where chosen order by kind`)
    expect(rows).toEqual([
      {
        kind: 'adjustment_set',
        variables: ['age', 'country'],
        chosen: true,
        note: 'smallest variance of all that the graph allows',
      },
      { kind: 'instrument', variables: ['invited'], chosen: true, note: '' },
    ])
  })

  test('says what to believe in words, and draws it', async () => {
    const [verdict] = (await database.rows(
      sql`select verdict, method, estimate, naive, bias_share, sentence from analytics.whole__verdict`,
    )) as Row[]
    expect(verdict).toMatchObject({ verdict: 'effect', method: 'aipw' })
    expect(verdict!.bias_share).toBeCloseTo(verdict!.naive / verdict!.estimate - 1, 10)
    expect(verdict!.sentence).toMatch(
      /^used changes spend by \+[12](\.\d+)? \(95 % interval .* by aipw\. The plain difference of 3\.\d+ overstates the effect by \d\d %\. It passes all \d attempts to refute it\.$/,
    )
    const memos = (await database.rows(
      sql`select format, document from analytics.whole__memo order by format`,
    )) as Record<string, string>[]
    expect(memos[0]!['document']!.match(/<svg/g)).toHaveLength(4)
    expect(memos[1]!['document']).toMatch(/## What this supposes/)
  })

  test('lets refuters try the estimate that stands for the outcome', async () => {
    const rows = (await database.rows(sql`
      select refuter, verdict, method, new_effect, message from analytics.whole__refutations`)) as Row[]
    const of = (refuter: string) => rows.filter((row) => row['refuter'] === refuter)
    expect(new Set(rows.map(({ method }) => method))).toEqual(new Set(['aipw']))
    for (const refuter of ['placebo_treatment', 'random_common_cause', 'data_subset'])
      expect(of(refuter)[0]!['message']).toMatch(/^passes: /)
    expect(Math.abs(Number(of('placebo_treatment')[0]!['new_effect']))).toBeLessThan(0.05)
    expect(Number(of('random_common_cause')[0]!['new_effect'])).toBeCloseTo(effect, 0)
    for (const refuter of ['unobserved_common_cause', 'robustness_value', 'e_value'])
      expect(of(refuter)[0]!['verdict']).toBe('informs')
    expect(of('robustness_value')[0]!['message']).toMatch(/one as strong as (age|country = FR) would leave/)
    expect(of('negative_control').map((row) => row['verdict'])).toEqual(['passes'])
    const sums = await database.rows(sql`select refuter, verdict from analytics.sums__refutations order by 1`)
    expect(sums).toEqual([
      { refuter: 'placebo_treatment', verdict: 'passes' },
      { refuter: 'robustness_value', verdict: 'informs' },
    ])
  })

  test('tries effects by instruments, by mediators and of amounts as well', async () => {
    const of = async (job: string) =>
      (await database.rows(
        sql`select refuter, method, verdict, new_effect, message from ${sql.ident('analytics', `${job}__refutations`)}`,
      )) as Row[]
    for (const [job, method] of [
      ['moved', 'two_stage_least_squares'],
      ['front', 'frontdoor'],
      ['amount', 'regression_adjustment'],
    ] as const) {
      const rows = await of(job)
      for (const row of rows) {
        expect(row.method).toBe(method)
        expect(row['verdict'], `${job}: ${row['message']}`).toMatch(/passes|informs/)
        if (/placebo|dummy/.test(String(row['refuter'])))
          expect(Math.abs(Number(row['new_effect']))).toBeLessThan(0.1)
      }
    }
    // Whoever has one click more has won half of one more, whichever way it is told.
    for (const row of await estimates('amount'))
      if (row.estimand === 'ate') expect(Math.abs(row.estimate - 0.5) / row.std_error).toBeLessThan(3.5)
  })

  test('holds what the graph says of the data against them', async () => {
    const rows = await database.rows(sql`
      select variables, given, verdict from analytics.whole__identification where kind = 'implication' order by variables`)
    expect(rows).toEqual([
      { variables: ['age', 'country'], given: [], verdict: 'ok' },
      { variables: ['age', 'invited'], given: [], verdict: 'ok' },
      { variables: ['country', 'invited'], given: [], verdict: 'ok' },
      { variables: ['spend', 'invited'], given: ['age', 'country', 'used'], verdict: 'ok' },
    ])
    // Without the arrow from age to use, the data contradict the graph.
    const { result } = await run(
      question('wrong', [
        ...usual.slice(0, 3),
        'graph: [age -> spend, country -> used, country -> spend, used -> spend]',
        'estimators: [regression_adjustment]',
        'refuters: []',
      ]),
    )
    expect(result.problems).toEqual([])
    const wrong = await database.rows(sql`
      select variables, given from analytics.wrong__identification where verdict = 'contradicted'`)
    expect(wrong).toEqual([{ variables: ['age', 'used'], given: [] }])
  })

  test('leaves out who has neither value or is not known, and counts them', async () => {
    const rows = await estimates('plans')
    const [known] = await database.rows(sql`
      select count(*)::int as n, count(*) filter (where plan = 'pro')::int as treated
      from raw.users where country in ('DE', 'FR') and plan <> 'trial' and late is not null`)
    for (const row of rows) expect([row.n, row.n_treated]).toEqual([known!['n'], known!['treated']])
    expect([...new Set(rows.map(({ outcome }) => outcome))]).toEqual(['spend', 'visits_made'])
    const [memo] = (await database.rows(
      sql`select document from analytics.plans__memo where format = 'markdown'`,
    )) as Record<string, string>[]
    expect(memo!['document']).toMatch(/had neither of the two values of plan/)
    expect(memo!['document']).toMatch(
      /are left out since something is not known of them \(missing: drop\): late of/,
    )
  })

  test('refuses missing values, repeated units and treatments of many kinds unless told what to do', async () => {
    const problem = async (...lines: readonly string[]): Promise<string> => {
      const { result } = await run(question('faulty', lines))
      return result.results.flatMap(({ problem }) => (problem ? [problem.message] : [])).join('\n')
    }
    const units = 'units: { model: users, unit: user_id }'
    expect(await problem(units, 'treatment: used', 'outcome: spend', 'covariates: [late]')).toMatch(
      /of 41 units something is not known: late of 41/,
    )
    expect(await problem(units, 'treatment: plan', 'outcome: spend', 'covariates: [age]')).toMatch(
      /treatment 'plan' is text, and who was treated is not said/,
    )
    expect(await problem(units, 'treatment: visits', 'outcome: spend', 'covariates: [age]')).toMatch(
      /has other values than 0 and 1/,
    )
    expect(
      await problem(
        'units: { model: users, unit: country }',
        'treatment: used',
        'outcome: spend',
        'covariates: [age]',
      ),
    ).toMatch(/'country' is not the key of a unit/)
  })
})

describe('units that are not comparable', () => {
  const database = useProjectDatabase()

  test('the effect on all is refused with the reason, and others are offered', async () => {
    // Controls are everywhere, treated only above: nobody below 0 was ever treated.
    await database.rows(sql`create schema raw`)
    await database.rows(sql`
      create table raw.users as
      select
        i as user_id,
        (i * 7919 % 1000) / 250.0 - 3 as age,
        (i * 104729 % 997) / 997.0 < 1 / (1 + exp(1 - 2.5 * ((i * 7919 % 1000) / 250.0 - 3))) as used,
        (i * 7919 % 1000) / 250.0 + (i * 31 % 100) / 50.0 as spend
      from generate_series(1, 6000) as i`)
    const project = {
      'models/users.sql': 'select * from raw.users',
      ...question('apart', [
        'units: { model: users, unit: user_id }',
        'treatment: used',
        'outcome: spend',
        'covariates: [age]',
        'estimators: [regression_adjustment, ipw]',
        'refuters: []',
      ]),
    }
    const { result } = await withProject(project, (root) => runProject(root, database.connection))
    expect(result.problems).toEqual([])
    const rows = (await database.rows(sql`
      select estimand, method, status, reason, n from analytics.apart order by estimand, method`)) as Row[]
    const of = (estimand: string, method: string) =>
      rows.find((row) => row.estimand === estimand && row.method === method)!
    for (const method of ['regression_adjustment', 'ipw']) {
      expect(of('ate', method)).toMatchObject({ status: 'refused' })
      expect(of('ate', method).reason).toMatch(
        /no overlap for the effect on all units \(ATE\): \d+ % of its units/,
      )
      expect(of('att', method)).toMatchObject({ status: 'ok', n: 6000 })
      expect(of('ate_trimmed', method).status).toBe('ok')
      expect(of('ate_trimmed', method).n).toBeLessThan(4000)
    }
    expect(of('association', 'naive_difference').status).toBe('ok')
    const [verdict] = (await database.rows(sql`select estimand from analytics.apart__verdict`)) as Row[]
    expect(verdict!.estimand).toBe('att')
  })
})
