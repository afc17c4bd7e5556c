import { describe, expect, it } from 'vitest'
import { manifestArtifact } from '../../../src/run/artifacts/index.ts'
import { compiled, target } from '../../compile/context/parse-project.ts'

/** The manifest of a project with the files. */
async function artifactOf(files: Readonly<Record<string, string>>) {
  const { manifest } = await compiled({ 'project.yml': 'name: demo\n', ...files })
  return manifestArtifact(manifest, {
    invocationId: 'i',
    startedAt: new Date(0),
    generatedAt: new Date(0),
    version: '0',
    target,
  })
}

describe('what YAML says', () => {
  it('of a time spine stands in the manifest as dbt writes it', async () => {
    const { nodes } = await artifactOf({
      'models/days.sql': 'select date_day, fiscal_year from (values (1, 2)) as d (date_day, fiscal_year)',
      'models/y.yml': `
models:
  - name: days
    time_spine:
      standard_granularity_column: date_day
      custom_granularities: [{ name: fiscal_year }, { name: year, column_name: fiscal_year }]
    columns: [{ name: date_day, granularity: day }, { name: fiscal_year }]`,
    })
    expect(nodes['model.demo.days']).toMatchObject({
      time_spine: {
        standard_granularity_column: 'date_day',
        custom_granularities: [
          { name: 'fiscal_year', column_name: null },
          { name: 'year', column_name: 'fiscal_year' },
        ],
      },
      columns: { date_day: { granularity: 'day' }, fiscal_year: { granularity: null } },
    })
  })

  it('of macros and their arguments stands there too, docs blocks rendered', async () => {
    const { macros } = await artifactOf({
      'macros/m.sql':
        '{% macro cents(column, scale=2) %}{{ column }}{% endmacro %}{% test odd(model) %}select 1{% endtest %}',
      'macros/d.md': '{% docs cents %}In cents.{% enddocs %}',
      'macros/y.yml': `
macros:
  - name: cents
    description: "{{ doc('cents') }}"
    docs: { show: false }
    config: { meta: { owner: ann } }
    arguments: [{ name: column, type: text, description: A column. }, { name: scale }]
  - name: test_odd
    description: Odd rows.`,
    })
    expect(macros['macro.demo.cents']).toMatchObject({
      description: 'In cents.',
      docs: { show: false, node_color: null },
      meta: { owner: 'ann' },
      patch_path: 'demo://macros/y.yml',
      arguments: [
        { name: 'column', type: 'text', description: 'A column.' },
        { name: 'scale', type: null, description: '' },
      ],
    })
    expect(macros['macro.demo.test_odd']).toMatchObject({
      description: 'Odd rows.',
      arguments: [{ name: 'model', type: null, description: '' }],
      config: { meta: {}, docs: { show: true, node_color: null } },
    })
  })

  it('nothing of stands there from the code: parameters, languages, the space that tags take away', async () => {
    const { macros } = await artifactOf({
      'macros/m.sql': `-- first

{%- macro one(a, b=2) -%} x {%- endmacro -%}

{% materialization way, default %}{{ return({'relations': []}) }}{% endmaterialization %}`,
    })
    expect(macros['macro.demo.one']).toMatchObject({
      macro_sql: '\n\n{%- macro one(a, b=2) -%} x {%- endmacro -%}\n\n',
      arguments: [{ name: 'a' }, { name: 'b' }],
      supported_languages: null,
    })
    expect(macros['macro.demo.materialization_way_default']).toMatchObject({ supported_languages: ['sql'] })
  })

  it('in docs blocks is told without comments and raw tags', async () => {
    const { docs } = await artifactOf({
      'models/d.md': '{% docs one %}{# a note #}{% raw %}{{ x }}{% endraw %} stays{% enddocs %}',
    })
    expect(docs['doc.demo.one']).toMatchObject({ block_contents: '{{ x }} stays' })
  })
})

describe('what is known of models from their files', () => {
  it('is a checksum of the words alone, and the strategy that is written', async () => {
    const sql = (space: string) =>
      `{{ config(materialized='incremental', unique_key='id') }}${space}select 1${space}as id`
    const [one, two] = await Promise.all(
      [' ', '\n\n\t'].map((space) => artifactOf({ 'models/m.sql': sql(space) })),
    )
    const { checksum, config } = one!.nodes['model.demo.m'] as unknown as Record<string, unknown>
    // dbt 1.12.3 gives this one.
    expect(checksum).toEqual({
      name: 'sha256',
      checksum: 'f9b2882aff91caa36a57967cd95f8bd316d164b9720cb11cefcf76158efcd228',
    })
    expect((two!.nodes['model.demo.m'] as unknown as Record<string, unknown>)['checksum']).toEqual(checksum)
    expect(config).toMatchObject({ incremental_strategy: null })
  })
})
