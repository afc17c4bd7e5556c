import { describe, expect, it } from 'vitest'
import { problemsOf, projectOf } from './temp-project.ts'

const smallest = `kind: experiment
units: { model: int_units, unit: user_id, arm: variant }
control: control
treatments: [treatment]
metrics:
  - { name: revenue, kind: mean, column: revenue }
as_of: 2026-03-01
`

/** The smallest experiment with lines replaced or added. */
function experiment(...changes: readonly string[]): Record<string, string> {
  const lines = smallest.trimEnd().split('\n')
  for (const change of changes) {
    const key = change.slice(0, change.indexOf(':') + 1)
    const at = lines.findIndex((line) => line.startsWith(key))
    if (at < 0) lines.push(change)
    else lines[at] = change
  }
  return { 'analytics/one_tap.yml': `${lines.join('\n')}\n` }
}

async function firstLines(files: Record<string, string>): Promise<string[]> {
  return (await problemsOf(files)).map((problem) => problem.split('\n')[0]!)
}

describe('experiments', () => {
  it('have defaults for all that the question does not need', async () => {
    const { jobs } = await projectOf(experiment())
    expect(jobs).toEqual([
      {
        package: 'demo',
        packagePath: 'analytics/one_tap.yml',
        name: 'one_tap',
        description: '',
        spec: {
          kind: 'experiment',
          question: '',
          data: { kind: 'units', ref: 'int_units', unit: 'user_id', arm: 'variant' },
          control: 'control',
          treatments: ['treatment'],
          expectedWeights: { control: 1, treatment: 1 },
          outcomes: [
            {
              name: 'revenue',
              description: '',
              role: 'secondary',
              better: 'higher',
              source: { from: 'columns', kind: 'mean', column: 'revenue' },
              covariates: [],
            },
          ],
          methods: ['difference_in_means', 'relative_lift'],
          segments: [],
          strata: [],
          ciLevel: 0.95,
          multiplicity: { correction: 'holm', family: 'goals' },
          health: [
            { check: 'sample_ratio', critical: true, threshold: 0.001 },
            { check: 'sample_ratio_by_segment', critical: false, threshold: 0.001 },
            { check: 'crossovers', critical: false, threshold: 0.01 },
            { check: 'exposure_before_assignment', critical: false, threshold: 0.01 },
            { check: 'pre_period_balance', critical: false, threshold: 0.001 },
            { check: 'missing_outcomes', critical: false, threshold: 0.05 },
            { check: 'too_few_units', critical: false, threshold: 100 },
            { check: 'outlier_influence', critical: false, threshold: 0.25 },
            { check: 'bot_like_units', critical: false, threshold: 0.01 },
          ],
          bootstrap: { replicates: 2000, seed: 1 },
          permutation: { permutations: 9999, seed: 1 },
          interactions: [],
          asOf: '2026-03-01',
        },
        columns: [],
        tests: [],
        config: {},
        refs: [{ name: 'int_units', place: { file: 'analytics/one_tap.yml', line: 2, column: 17 } }],
        columnReads: [
          ['user_id', 2, 34],
          ['variant', 2, 48],
          ['revenue', 6, 42],
        ].map(([column, line, at]) => ({
          ref: 'int_units',
          column,
          place: { file: 'analytics/one_tap.yml', line, column: at },
        })),
        place: { file: 'analytics/one_tap.yml', line: 1, column: 1 },
      },
    ])
  })

  it('say everything that can be said', async () => {
    const { jobs } = await projectOf(
      experiment(
        'name: checkout',
        'description: " One tap. "',
        'question: Does it raise revenue?',
        'units: { model: "{{ ref(\'int_units\') }}", unit: user_id, arm: variant }',
        'control: 0',
        'treatments: [1, "b"]',
        'expected_weights: { 0: 2, 1: 1, b: 1 }',
        'segments: country',
        'ci_level: 0.9',
        'sample_ratio_alpha: 0.01',
        'as_of: "{{ var(\'as_of\') }}"',
        'columns: [{ name: estimate, description: The number., tests: [not_null] }]',
        'tests: [{ unique: { column_name: outcome } }]',
        'config: { schema: x }',
        'tags: [nightly]',
      ),
    )
    const [{ spec, ...job }] = jobs as [(typeof jobs)[number]]
    expect(job).toMatchObject({
      name: 'checkout',
      description: 'One tap.',
      config: { schema: 'x', tags: ['nightly'] },
      refs: [{ name: 'int_units' }],
    })
    expect(job.columns[0]!.tests.map(({ test }) => test)).toEqual(['not_null'])
    expect(job.tests.map(({ test, args }) => [test, args])).toEqual([['unique', { column_name: 'outcome' }]])
    expect(spec).toMatchObject({
      question: 'Does it raise revenue?',
      data: { ref: 'int_units' },
      control: '0',
      treatments: ['1', 'b'],
      expectedWeights: { 0: 2, 1: 1, b: 1 },
      segments: ['country'],
      ciLevel: 0.9,
      health: expect.arrayContaining([{ check: 'sample_ratio', critical: true, threshold: 0.01 }]),
      asOf: "{{ var('as_of') }}",
    })
  })

  it('use every method that their metrics allow, unless told', async () => {
    const text = smallest.replace(
      '  - { name: revenue, kind: mean, column: revenue }',
      '  - {name: a, kind: mean, column: a, covariate: b}\n  - {name: c, kind: proportion, column: c}',
    )
    expect((await projectOf({ 'analytics/a.yml': text })).jobs[0]!.spec).toHaveProperty('methods', [
      'difference_in_means',
      'relative_lift',
      'cuped',
      'cuped_relative',
      'proportion_z_test',
    ])
  })

  it.each<[string, string[], string]>([
    ['an arm twice', ['treatments: [a, control]'], "4:17  arm 'control' is named twice"],
    [
      'a weight of no arm',
      ['expected_weights: {control: 1, treatment: 1, treatmnt: 1}'],
      "'treatmnt', which is no arm",
    ],
    ['an arm without weight', ['expected_weights: {control: 1}'], "says nothing about arm 'treatment'"],
    [
      'a weight of zero',
      ['expected_weights: {control: 0, treatment: 1}'],
      "the control 'control' has no weight",
    ],
    [
      'cuped without covariate',
      ['methods: [cuped]'],
      "8:11  'cuped' needs a covariate, and no metric has one",
    ],
    ['a z-test without proportion', ['methods: [proportion_z_test]'], 'needs a metric of kind proportion'],
    ['an unknown method', ['methods: [cupped]'], "entry 1 of 'methods' must be"],
    ['a method twice', ['methods: [relative_lift, relative_lift]'], "method 'relative_lift' is named twice"],
    ['a level of one', ['ci_level: 1'], "8:11  'ci_level' must be less than 1"],
    ['a level of 95', ['ci_level: 95'], "'ci_level' must be less than 1"],
    ['the arm as segment', ['segments: [variant]'], "'variant' is the column of the arm"],
    ['no instant', ['as_of: soon'], "7:8  'as_of' must be a date or an ISO timestamp, not 'soon'"],
    ['a day that is none', ['as_of: 2026-02-31'], "not '2026-02-31'"],
    [
      'a call that is no ref',
      ["units: {model: \"source('a', 'b')\", unit: u, arm: v}"],
      "'model' must name a model",
    ],
    ['a boolean arm', ['control: off'], "'control' must be text or a number, not false"],
    ['an unknown key', ['segment: [a]'], "unknown key 'segment'"],
  ])('are refused with %s', async (_, changes, expected) => {
    const lines = await firstLines(experiment(...changes))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(expected)
  })

  it('refuse metrics of the same name, and a covariate that is the outcome', async () => {
    const text = smallest.replace(
      '  - { name: revenue, kind: mean, column: revenue }',
      '  - { name: a, kind: mean, column: x, covariate: x }\n  - { name: a, kind: mean, column: y }',
    )
    expect(await firstLines({ 'analytics/a.yml': text })).toEqual([
      "analytics/a.yml:6:50  the covariate of 'a' is its own outcome   [yaml-invalid]",
      "analytics/a.yml:7:13  metric 'a' is declared twice   [yaml-invalid]",
    ])
  })

  it('explain how YAML changed an arm', async () => {
    const [problem] = await problemsOf(experiment('control: off'))
    expect(problem).toContain("YAML reads off as false; to mean the text, put it in quotes: 'off'")
  })
})

describe('other files under analytics/', () => {
  it('need a kind that is known', async () => {
    expect(await firstLines({ 'analytics/a.yml': 'kind: experment\n' })).toEqual([
      "analytics/a.yml:1:7  'kind' must be 'causal', 'did', 'discontinuity', 'drift', 'experiment', 'interrupted_series' or 'metrics', not 'experment'   [yaml-invalid]",
    ])
    expect(await firstLines({ 'analytics/a.yml': 'question: why\n' })).toEqual([
      "analytics/a.yml:1:1  'kind' is missing   [yaml-invalid]",
    ])
  })

  it('may describe nodes, as files beside models do', async () => {
    const { patches, jobs } = await projectOf({
      'analytics/a.yml': 'version: 2\njobs:\n  - name: lift\n    tests: [unique]\n',
      'analytics/empty.yml': '# later\n',
    })
    expect(jobs).toEqual([])
    expect(patches.map(({ resource, name }) => [resource, name])).toEqual([['job', 'lift']])
  })
})
