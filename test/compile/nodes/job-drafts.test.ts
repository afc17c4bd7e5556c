import { describe, expect, it } from 'vitest'
import { compile } from '../../../src/compile/compile.ts'
import { makeFingerprints } from '../../../src/compile/fingerprint.ts'
import { relationsOf } from '../../../src/core/node.ts'
import { formatProblem, type ProblemError } from '../../../src/core/problem.ts'
import { select } from '../../../src/core/selection/index.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { manifestArtifact } from '../../../src/run/artifacts/manifest-artifact.ts'
import { type Files, withProject } from '../../project/temp-project.ts'
import { manifestFaults } from '../../run/artifacts/dbt-format.ts'
import { options } from '../../run/artifacts/sample-shop.ts'

const experiment = `kind: experiment
units: { model: units, unit: id, arm: arm }
control: a
treatments: [b]
metrics: [{ name: score, kind: mean, column: score }]
as_of: '2026-01-01'
`

const project: Files = {
  'project.yml': 'name: shop\nversion: "1.0"\n',
  'models/units.sql': "select 1 as id, 'a' as arm, 2 as score",
  'models/bad.sql': "select job from {{ ref('checkout__health') }} where verdict = 'fail'",
  'analytics/checkout.yml': experiment,
}

function compiled(files: Files = {}) {
  return withProject({ ...project, ...files }, async (root) =>
    compile(await readProject(root), {
      target: options.target,
      vars: {},
      env: {},
      clock: () => new Date(0),
    }),
  )
}

const problems = (files: Files): Promise<string> =>
  compiled(files).then(
    () => 'nothing',
    (error: ProblemError) => error.problems.map(formatProblem).join('\n'),
  )

describe('the tables of a job', () => {
  it('are nodes that depend on it, which others refer to', async () => {
    const { manifest } = await compiled()
    const { nodes } = manifest
    expect(nodes['job_table.shop.checkout__health']).toMatchObject({
      dependsOn: ['job.shop.checkout'],
      relation: { identifier: 'checkout__health' },
    })
    expect(nodes['model.shop.bad']!.dependsOn).toEqual(['job_table.shop.checkout__health'])
    expect(relationsOf(nodes['job.shop.checkout']!).map(({ identifier }) => identifier)).toEqual([
      'checkout',
      'checkout__health',
      'checkout__memo',
    ])
    expect(select(manifest, { select: ['checkout'] }).nodeIds).toEqual([
      'job.shop.checkout',
      'job_table.shop.checkout__health',
      'job_table.shop.checkout__memo',
    ])
    const isWork = { resourceTypes: ['job', 'model'] } as const
    expect(select(manifest, { select: ['checkout__health'], ...isWork }).nodeIds).toEqual([
      'job.shop.checkout',
    ])
    expect(select(manifest, { exclude: ['checkout'], ...isWork }).nodeIds).not.toContain('job.shop.checkout')
  })

  it('stand beside it whatever its alias and schema are, and are switched off with it', async () => {
    const { manifest } = await compiled({
      'analytics/checkout.yml': `${experiment}config: { alias: tap, schema: lab, tags: [x] }\n`,
    })
    expect(manifest.nodes['job_table.shop.checkout__health']).toMatchObject({
      relation: { schema: 'analytics_lab', identifier: 'tap__health' },
      tags: ['x'],
    })
    const off = await compiled({
      'analytics/checkout.yml': `${experiment}config: { enabled: false }\n`,
      'models/bad.sql': 'select 1',
    })
    expect(off.manifest.disabled.map(({ id }) => id)).toEqual([
      'job.shop.checkout',
      'job_table.shop.checkout__health',
      'job_table.shop.checkout__memo',
    ])
  })

  it('are described and tested by their own names, under jobs or models', async () => {
    for (const heading of ['jobs', 'models']) {
      const { manifest } = await compiled({
        'models/d.yml': `${heading}: [{ name: checkout__health, description: Checks., columns: [{ name: verdict, tests: [not_null] }] }]`,
      })
      expect(manifest.nodes['job_table.shop.checkout__health']).toMatchObject({
        description: 'Checks.',
        columns: [{ name: 'verdict' }],
      })
      const test = Object.values(manifest.nodes).find(({ resourceType }) => resourceType === 'test')
      expect(test).toMatchObject({ attachedTo: 'job_table.shop.checkout__health' })
    }
  })

  it.each([
    [
      'a name that Postgres would cut',
      { [`analytics/${'x'.repeat(56)}.yml`]: experiment },
      /writes the table 'x{56}__health', whose name has 64 bytes/,
    ],
    [
      'a model of the same name',
      { 'models/checkout__health.sql': 'select 1 as job' },
      /'checkout__health' is defined twice/,
    ],
    [
      'a model in the same place',
      { 'models/other.sql': "{{ config(alias='checkout__health') }} select 1 as job" },
      /relation analytics\.checkout__health is defined twice/,
    ],
    [
      'an alias of its own',
      { 'models/d.yml': 'jobs: [{ name: checkout__health, config: { alias: h } }]' },
      /models\/d\.yml:1:8 +'checkout__health' cannot have a config 'alias' of its own/,
    ],
    [
      'a table that there is not',
      { 'models/bad.sql': "select 1 from {{ ref('checkout__healt') }}" },
      /did you mean 'checkout__health'/,
    ],
  ])('are refused with %s', async (_, files, message) => {
    expect(await problems(files)).toMatch(message)
  })
})

describe('metrics and the experiments on them', () => {
  const files = (today: string, rule = ''): Files => ({
    'project.yml': `name: shop\nversion: "1.0"\nvars: { today: "${today}" }\n`,
    'models/bad.sql': "select n from {{ ref('product__units') }}",
    'models/daily.sql': "select 1 as id, date '2026-01-01' as day, 2 as plays",
    'models/assigned.sql': "select 1 as id, 'a' as arm, 'north' as region, timestamptz '2026-01-01' as at",
    'analytics/checkout.yml': 'jobs: []\n',
    'analytics/product.yml': `kind: metrics
from: { model: daily, unit: id, day: day }
metrics: [{ name: plays, kind: mean, column: plays }]
as_of: "{{ var('today') }}"
`,
    'analytics/tap.yml': `kind: experiment
exposures: { model: assigned, unit: id, arm: arm, time: at }
start: "{{ var('start', '2026-01-01') }}"
end: 2026-02-01
control: a
treatments: [b]
goals: [plays]
as_of: "{{ var('today') }}"
${rule}
`,
  })
  const fingerprint = async (project: Files, id: string) => {
    const { manifest } = await compiled(project)
    return makeFingerprints({ manifest, sqlOf: () => [], given: new Map() })(id)
  }

  it('depend on their sources and exposures, and on the metrics', async () => {
    const { nodes } = (await compiled(files('2026-01-10'))).manifest
    expect(nodes['job.shop.product']!.dependsOn).toEqual(['model.shop.daily', 'model.shop.assigned'])
    expect(nodes['job.shop.tap']!.dependsOn).toEqual([
      'model.shop.assigned',
      'job.shop.product',
      'job_table.shop.product__units',
    ])
    expect(nodes['model.shop.bad']!.dependsOn).toEqual(['job_table.shop.product__units'])
    expect(nodes['job.shop.tap']).toMatchObject({
      spec: { asOf: '2026-01-10', data: { start: '2026-01-01' } },
    })
    expect(nodes['job.shop.product']).toMatchObject({
      spec: { asOf: '2026-01-10', experiments: [{ data: { start: '2026-01-01' } }] },
    })
  })

  it('are other metrics when an experiment measures otherwise, not when a day passes or it decides otherwise', async () => {
    const { compiled: first } = await fingerprint(files('2026-01-10'), 'job.shop.product')
    expect((await fingerprint(files('2026-01-11'), 'job.shop.product')).compiled).toBe(first)
    expect((await fingerprint(files('2026-01-10', 'decision: {}'), 'job.shop.product')).compiled).toBe(first)
    expect(
      (await fingerprint(files('2026-01-10', 'segments: [region]'), 'job.shop.product')).compiled,
    ).not.toBe(first)
  })

  it('refuse a date that a template does not give', async () => {
    expect(await problems(files('soon'))).toMatch(
      /analytics\/product\.yml:1:1 +'as_of' must be a date or an ISO timestamp, not 'soon'/,
    )
  })

  it('stand in the manifest as models with what they are in meta', async () => {
    const { manifest } = await compiled(files('2026-01-10'))
    const artifact = manifestArtifact(manifest, options)
    expect(manifestFaults(artifact)).toEqual([])
    expect(artifact.nodes['model.shop.product__units']).toMatchObject({
      resource_type: 'model',
      relation_name: '"warehouse"."analytics"."product__units"',
      depends_on: { nodes: ['model.shop.product'] },
      meta: { estimand: { kind: 'job_table', job: 'model.shop.product', table: 'units' } },
    })
    expect(artifact.nodes['model.shop.product']).toMatchObject({
      meta: {
        estimand: { kind: 'job', job_kind: 'metrics', tables: expect.arrayContaining(['product__units']) },
      },
    })
  })
})

describe('the columns that jobs name', () => {
  const units = (change: string): Files => ({
    'models/bad.sql': 'select 1 as x',
    'analytics/checkout.yml': `kind: experiment
units: { model: units, unit: id, arm: arm }
control: a
treatments: [b]
metrics:
  - { name: score, kind: mean, column: score, covariates: [score] }
  - { name: rate, kind: ratio, numerator: score, denominator: id, covariate: { numerator: id, denominator: id } }
as_of: '2026-01-01'
`
      .replace(', covariates: [score]', '')
      .replace(...(change.split(' → ') as [string, string])),
  })

  it.each([
    ['column: score → column: scor', "6:40  'units' has no column 'scor'", "did you mean 'score'?"],
    ['unit: id → unit: uid', "2:30  'units' has no column 'uid'", 'id'],
    [
      '{ numerator: id, → { numerator: before,',
      "7:91  'units' has no column 'before'",
      'it has id, arm, score',
    ],
    ['as_of: → segments: [arms]\nas_of:', "8:12  'units' has no column 'arms'", "did you mean 'arm'?"],
  ])('are told where they are not there: %s', async (change, message, hint) => {
    const told = await problems(units(change.replaceAll('\\n', '\n')))
    expect(told).toContain(message)
    expect(told).toContain(hint)
  })

  it('are believed where those of the relation are not all known', async () => {
    const files = units('column: score → column: other')
    const own = {
      ...files,
      'models/units.sql': "{{ config(materialized='incremental') }} select 1 as id, 'a' as arm, 2 as score",
    }
    expect(await problems(own)).toBe('nothing')
    const source = 'sources: [{ name: raw, tables: [{ name: units, columns: [{ name: id }] }] }]'
    const star = {
      ...files,
      'models/s.yml': source,
      'models/units.sql': "select * from {{ source('raw', 'units') }}",
    }
    expect(await problems(star)).toBe('nothing')
  })

  it('are told of the sources of metrics', async () => {
    const files: Files = {
      'models/bad.sql': 'select 1 as x',
      'models/daily.sql': "select 1 as id, date '2026-01-01' as day, 2 as plays",
      'analytics/checkout.yml': `kind: metrics
from: { model: daily, unit: id, day: date }
metrics:
  - { name: plays, kind: mean, column: plais }
  - { name: paid, kind: funnel, steps: [plays, { column: id, where: is_paid }] }
as_of: '2026-01-01'
`,
    }
    const told = await problems(files)
    for (const column of [
      "2:38  'daily' has no column 'date'",
      "4:40  'daily' has no column 'plais'",
      "5:69  'daily' has no column 'is_paid'",
    ])
      expect(told).toContain(column)
  })
})
