import { describe, expect, it } from 'vitest'
import { problemsOf, projectOf } from './temp-project.ts'

const metrics = `kind: metrics
from: { model: daily, unit: user_id, day: day }
metrics:
  - { name: revenue, kind: mean, column: revenue, pre_period: 28, cap: { quantile: 0.999 } }
  - { name: buyers, kind: proportion, column: orders, window: { days: 14, delay: 1 }, mature_only: true }
  - { name: basket, kind: ratio, numerator: revenue, denominator: { column: orders, where: is_paid }, pre_period: 7 }
  - { name: week_2, kind: retention, column: sessions, from_day: 7, to_day: 13, margin: { relative: 0.02 } }
  - { name: checkout, kind: funnel, steps: [views, { where: { column: event, values: [cart] } }, orders] }
  - { name: p90, kind: quantile, column: revenue, quantile: 0.9, better: lower, about: revenue }
as_of: 2026-07-01
`

const experiment = `kind: experiment
exposures: { model: assignments, unit: user_id, arm: variant, time: exposed_at, experiment: { column: test, value: tap } }
start: 2026-05-20
end: 2026-07-01
control: control
treatments: [treatment]
goals: [revenue]
as_of: 2026-07-01
`

const withLines = (text: string, changes: readonly string[]): string => {
  const lines = text.trimEnd().split('\n')
  for (const change of changes) {
    const key = change.slice(0, change.indexOf(':') + 1)
    const at = lines.findIndex((line) => line.startsWith(key))
    if (at < 0) lines.push(change)
    else lines[at] = change
  }
  return `${lines.join('\n')}\n`
}

/** The set of metrics and the experiment on it, with lines replaced or added. */
function project(...changes: readonly string[]): Record<string, string> {
  return { 'analytics/product.yml': metrics, 'analytics/tap.yml': withLines(experiment, changes) }
}

const messages = async (files: Record<string, string>): Promise<string[]> =>
  (await problemsOf(files)).map((problem) => problem.split('\n')[0]!.replace(/ {3}\[[a-z-]+\]$/, ''))

const specOf = async (files: Record<string, string>, name = 'tap') => {
  const { jobs } = await projectOf(files)
  return jobs.find((job) => job.name === name)!
}

describe('an experiment over exposures', () => {
  it('takes its outcomes from metrics that are declared for all experiments', async () => {
    const { spec, refs } = await specOf(
      project(
        'goals: [revenue, { metric: product.buyers, minimum_effect: { relative: 0.01 } }]',
        'guardrails: [week_2, { metric: p90, margin: { absolute: 3 } }]',
        'metrics: [basket]',
        'segments: [country]',
        'strata: [country]',
        'sequential: { kind: group_sequential, looks: [0.5, 1], planned_units: 1000 }',
        'prior: { sd: 0.1 }',
        'decision: {}',
        'alpha: 0.1',
        'health: { sample_ratio: { override: a known fault }, too_few_units: { threshold: 10 } }',
      ),
    )
    expect(refs.map(({ name, place }) => `${name} ${place.line}:${place.column}`)).toEqual([
      'assignments 2:21',
      'product 7:9',
      'product__units 7:9',
    ])
    expect(spec).toMatchObject({
      data: {
        kind: 'exposures',
        ref: 'assignments',
        time: 'exposed_at',
        experiment: { column: 'test', value: 'tap' },
        start: '2026-05-20',
        crossovers: 'exclude',
        exposureDay: 'include',
      },
      outcomes: [
        {
          name: 'revenue',
          role: 'goal',
          source: { from: 'metrics', set: 'product', metric: 'revenue', kind: 'mean' },
          covariates: ['pre_period'],
          cap: { upperQuantile: 0.999 },
        },
        { name: 'buyers', role: 'goal', minimumEffect: { relative: 0.01 }, covariates: [] },
        { name: 'week_2', role: 'guardrail', margin: { relative: 0.02 } },
        { name: 'p90', role: 'guardrail', about: 'revenue', better: 'lower', margin: { absolute: 3 } },
        {
          name: 'basket',
          role: 'secondary',
          covariates: ['pre_period_numerator', 'pre_period_denominator'],
        },
      ],
      ciLevel: 0.9,
      decision: { goals: 'all', alpha: 0.1, power: 0.8 },
      prior: { mean: 0, sd: 0.1, scale: 'relative' },
      sequential: {
        kind: 'group_sequential',
        spending: 'obrien_fleming',
        looks: [0.5, 1],
        plannedUnits: 1000,
      },
      methods: [
        'difference_in_means',
        'relative_lift',
        'cuped',
        'cuped_relative',
        'proportion_z_test',
        'quantile_difference',
        'post_stratified',
        'group_sequential',
        'bayesian_normal',
        'non_inferiority',
      ],
    })
    expect('health' in spec && spec.health).toEqual(
      expect.arrayContaining([
        { check: 'sample_ratio', critical: true, threshold: 0.001, overrideReason: 'a known fault' },
        { check: 'too_few_units', critical: false, threshold: 10 },
      ]),
    )
  })

  it.each<[string, string[], string]>([
    ['a metric that there is not', ['goals: [revenu]'], "tap.yml:7:9  there is no metric 'revenu'"],
    ['no metric', ['goals: []'], 'the experiment names no metric'],
    [
      'a goal that is a guardrail',
      ['goals: [week_2]', 'guardrails: [week_2]'],
      "'week_2' is already among the goal metrics",
    ],
    [
      'a guardrail that nothing is held to',
      ['guardrails: [buyers]'],
      "9:14  guardrail 'buyers' has nothing to be held to",
    ],
    ['a margin without a number', ['goals: [{ metric: revenue, margin: {} }]'], "'margin' says nothing"],
    [
      'a minimum effect of a guardrail',
      ['guardrails: [{ metric: week_2, minimum_effect: { relative: 0.1 } }]'],
      "'minimum_effect' is for goals",
    ],
    [
      'its own declarations',
      ['metrics: [{ name: a, kind: mean, column: a }]'],
      '9:11  metrics over exposures are declared in a file of their own',
    ],
    ['an end before the start', ['end: 2026-05-20'], '4:6  the experiment ends on 2026-05-20, not after'],
    ['a result from before it', ['as_of: 2026-05-20'], 'the experiment had not started'],
    ['a result beyond its metrics', ['as_of: 2026-07-02'], "the metrics of 'product' are not known"],
    ['units besides', ['units: { model: u, unit: u, arm: a }'], "has 'units' or 'exposures', not both"],
    [
      'looks that end early',
      ['sequential: { kind: group_sequential, looks: [0.5, 0.9], planned_units: 9 }'],
      'the last look is at 0.9',
    ],
    [
      'looks that go back',
      ['sequential: { kind: group_sequential, looks: [0.5, 0.4, 1], planned_units: 9 }'],
      'look 0.4 does not come after 0.5',
    ],
    [
      'a plan of another kind',
      ['sequential: { kind: msprt, looks: [1] }'],
      "unknown key 'looks' in 'sequential'",
    ],
    [
      'a sequential method without a plan',
      ['methods: [msprt]'],
      "'msprt' needs a sequential plan of kind msprt",
    ],
    ['a stratified method without strata', ['methods: [stratified]'], "'stratified' needs strata"],
    ['a prior that there is not', ['methods: [bayesian_normal]'], "'bayesian_normal' needs a prior"],
    ['non-inferiority without a margin', ['methods: [non_inferiority]'], "'non_inferiority' needs a margin"],
    ['a cluster that there is not', ['methods: [cluster_robust]'], "'cluster_robust' needs a cluster"],
    [
      'looks before the end of clusters',
      ['cluster: region', 'sequential: { kind: msprt, mixing_variance: 0.01 }'],
      '10:13  looks before the end are told from sums that take units for independent, and those of a cluster',
    ],
    [
      'a holdout beside clusters',
      ['cluster: region', 'holdout: none', 'expected_weights: { control: 1, treatment: 1, none: 1 }'],
      'comparisons with a holdout are told from sums',
    ],
    [
      'a bandit of blocks',
      ['switchback: { block: hour, period: minute }', 'bandit: { goal: revenue }'],
      'weights of a bandit are told from sums that take units for independent, and those of a block are not',
    ],
    ['the unit as cluster', ['cluster: user_id'], "9:10  'user_id' is the column of the unit"],
    ['the arm as stratum', ['strata: [variant]'], "'variant' is the column of the arm"],
    ['a segment twice', ['segments: [a, a]'], "segment 'a' is named twice"],
    [
      'a holdout that is a treatment',
      ['holdout: treatment', 'expected_weights: { control: 1, treatment: 1 }'],
      "9:10  the holdout 'treatment' is a treatment",
    ],
    ['a holdout of unknown size', ['holdout: none'], 'how many units the holdout has is not said'],
    ['a level said twice', ['alpha: 0.05', 'ci_level: 0.95'], "'alpha' and 'ci_level' say the same"],
    [
      'a threshold said twice',
      ['sample_ratio_alpha: 0.01', 'health: { sample_ratio: { threshold: 0.01 } }'],
      'are the same',
    ],
    [
      'weights by stratum beside a plan that compares across strata',
      [
        'strata: [country]',
        'stratum_weights: { se: { control: 4, treatment: 1 } }',
        'sequential: { kind: msprt, mixing_variance: 0.01 }',
      ],
      "'sequential' compares arms across strata",
    ],
    [
      'weights by stratum without strata',
      ['stratum_weights: { se: { control: 4, treatment: 1 } }'],
      'there are weights by stratum, and no strata',
    ],
    [
      'a stratum that weighs no arm',
      ['strata: [country]', 'stratum_weights: { se: { control: 4, treated: 1 } }'],
      "stratum 'se' has a weight for 'treated', which is no arm",
    ],
    [
      'a method that compares across strata of other weights',
      ['strata: [country]', 'stratum_weights: { se: { control: 4, treatment: 1 } }', 'methods: [cuped]'],
      "'cuped' compares arms across strata",
    ],
    [
      'an override of what refuses nothing',
      ['health: { crossovers: { override: because } }'],
      "a failure of 'crossovers' refuses nothing",
    ],
    ['an unknown check', ['health: { srm: {} }'], "unknown key 'srm' in 'health'"],
    ['a bandit without its goal', ['bandit: { goal: sales }'], "the experiment has no metric 'sales'"],
    ['a floor that leaves nothing', ['bandit: { goal: revenue, floor: 0.6 }'], '2 arms cannot have 0.6 each'],
    ['an interaction with nobody', ['interactions: [tip]'], "9:16  there is no experiment 'tip'"],
    ['an interaction with itself', ['interactions: [tap]'], 'does not interact with itself'],
    [
      'a decision without a goal',
      ['goals: []', 'metrics: [revenue]', 'decision: {}'],
      'no goal to make it by',
    ],
  ])('is refused with %s', async (_, changes, expected) => {
    const found = await messages(project(...changes))
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(expected)
  })

  it('has to say which set is meant where several have the metric', async () => {
    const other = metrics.replace('day: day', 'day: date')
    const files = { ...project(), 'analytics/other.yml': other }
    expect((await problemsOf(files))[0]).toContain('write other.revenue or product.revenue')
    const { refs } = await specOf({ ...files, ...project('goals: [other.revenue]') })
    expect(refs.map(({ name }) => name)).toEqual(['assignments', 'other', 'other__units'])
  })

  it('is not told to be wrong for the faults of its metrics', async () => {
    const files = { ...project(), 'analytics/product.yml': metrics.replace('kind: mean', 'kind: meen') }
    const found = await messages(files)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain("'kind' must be")
  })

  it('may be crossed with another that shares its metrics', async () => {
    const files = { ...project('interactions: [tip]'), 'analytics/tip.yml': experiment }
    expect((await specOf(files)).spec).toMatchObject({
      interactions: [{ experiment: 'tip', control: 'control', treatments: ['treatment'] }],
    })
  })
})

describe('an experiment over units', () => {
  const units = `kind: experiment
units: { model: units, unit: user_id, arm: variant }
control: a
treatments: [b]
metrics:
  - { name: revenue, kind: mean, column: revenue, covariates: [before, age], cap: { upper: 100 } }
  - { name: basket, kind: ratio, numerator: revenue, denominator: orders, covariate: { numerator: x, denominator: y } }
  - { name: p90, kind: quantile, column: revenue, quantile: 0.9, role: guardrail, better: lower, about: engagement }
as_of: 2026-07-01
`
  it('says of its own metrics what they are for', async () => {
    const { spec } = await specOf({
      'analytics/tap.yml': withLines(units, [
        'goals: [{ metric: revenue, minimum_effect: { absolute: 1 } }]',
        'covariates: [tenure]',
      ]),
    })
    expect(spec).toMatchObject({
      outcomes: [
        {
          name: 'revenue',
          role: 'goal',
          minimumEffect: { absolute: 1 },
          covariates: ['before', 'age', 'tenure'],
          cap: { upper: 100 },
        },
        { name: 'basket', role: 'secondary', covariates: ['x', 'y'] },
        {
          name: 'p90',
          role: 'guardrail',
          about: 'engagement',
          better: 'lower',
          source: { kind: 'quantile', quantile: 0.9 },
        },
      ],
    })
  })

  it.each<[string, string[], string]>([
    ['a goal that is no metric', ['goals: [revenu]'], "there is no metric 'revenu'"],
    ['two parts of one metric', ['goals: [p90]'], 'is a guardrail here and among the goals'],
    ['a date of exposures', ['start: 2026-01-01'], "unknown key 'start'"],
  ])('is refused with %s', async (_, changes, expected) => {
    const found = await messages({ 'analytics/tap.yml': withLines(units, changes) })
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(expected)
  })
})

describe('a set of metrics', () => {
  it('is read with what the experiments that use it ask of it', async () => {
    const { spec, refs } = await specOf(
      project('goals: [revenue]', 'metrics: [basket]', 'cluster: region'),
      'product',
    )
    expect(refs.map(({ name }) => name)).toEqual(['daily', 'assignments'])
    expect(spec).toMatchObject({
      lateDays: 2,
      metrics: [
        { name: 'revenue', prePeriodDays: 28, from: { ref: 'daily', unit: 'user_id', day: 'day' } },
        { name: 'buyers', window: { delayDays: 1, days: 14 }, matureOnly: true, value: { column: 'orders' } },
        { name: 'basket', denominator: { column: 'orders', where: { column: 'is_paid' } } },
        { name: 'week_2', fromDay: 7, toDay: 13 },
        {
          name: 'checkout',
          steps: [{ name: 'views' }, { name: 'cart', where: { values: ['cart'] } }, { name: 'orders' }],
        },
        { name: 'p90', level: 'unit', better: 'lower' },
      ],
      experiments: [
        {
          name: 'tap',
          arms: ['control', 'treatment'],
          cluster: 'region',
          metrics: ['basket', 'revenue'],
          data: { ref: 'assignments' },
        },
      ],
    })
  })

  it('is refused where an experiment asks for a quantile of single rows, which nobody keeps', async () => {
    const files = project('metrics: [p90]')
    const set = metrics.replace('quantile: 0.9,', 'quantile: 0.9, level: event,')
    const found = await messages({ ...files, 'analytics/product.yml': set })
    expect(found).toEqual([
      "analytics/tap.yml:9:11  'p90' is a quantile of single rows, which no table of units keeps",
    ])
  })

  it('is the same whatever rule an experiment decides by', async () => {
    const { spec } = await specOf(project(), 'product')
    const rules = ['decision: { power: 0.9 }', 'alpha: 0.01', 'health: { crossovers: { threshold: 0.5 } }']
    expect((await specOf(project(...rules), 'product')).spec).toEqual(spec)
    expect((await specOf(project('crossovers: first_arm'), 'product')).spec).not.toEqual(spec)
  })

  it.each<[string, string, string]>([
    ['a name twice', '- { name: buyers, kind: count }', "metric 'buyers' is declared twice"],
    ['a mean of nothing', '- { name: x, kind: mean }', "4:5  metric 'x' needs a column"],
    ['a key of another kind', '- { name: x, kind: mean, column: a, steps: [b] }', "unknown key 'steps'"],
    ['a kind that there is not', '- { name: x, kind: avg, column: a }', "'kind' must be"],
    [
      'a quantile of 90',
      '- { name: x, kind: quantile, column: a, quantile: 90 }',
      "'quantile' must be less than 1",
    ],
    [
      'a cap of a share',
      '- { name: x, kind: proportion, column: a, cap: { upper: 1 } }',
      'a proportion has no value to cap',
    ],
    ['a cap that says nothing', '- { name: x, kind: mean, column: a, cap: {} }', "'cap' says nothing"],
    [
      'a bound below the other',
      '- { name: x, kind: mean, column: a, cap: { upper: 1, lower: 2 } }',
      'lower bound above',
    ],
    [
      'a covariate of a funnel',
      '- { name: x, kind: funnel, steps: [a, b], pre_period: 7 }',
      'a funnel has no covariate',
    ],
    ['a funnel of one step', '- { name: x, kind: funnel, steps: [a] }', 'at least 2 entries'],
    [
      'days that go back',
      '- { name: x, kind: retention, from_day: 7, to_day: 6 }',
      "'to_day' 6 is before 'from_day' 7",
    ],
    [
      'a window that never closes',
      '- { name: x, kind: mean, column: a, mature_only: true }',
      'needs a window that closes',
    ],
    [
      'two times',
      '- { name: x, kind: count, from: { model: e, unit: u, day: d, time: t } }',
      "'from' has both day and time",
    ],
  ])('is refused with %s', async (_, line, expected) => {
    const files = { 'analytics/product.yml': metrics.replace('metrics:\n', `metrics:\n  ${line}\n`) }
    const found = await messages(files)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(expected)
  })

  it('has to say where it comes from', async () => {
    const files = {
      'analytics/product.yml': metrics
        .replace(/from: .*\n/, '')
        .replace(/( {2}- .*\n)+/, '  - { name: a, kind: count }\n'),
    }
    expect(await messages(files)).toEqual([
      "analytics/product.yml:3:5  metric 'a' does not say where it comes from",
    ])
  })
})
