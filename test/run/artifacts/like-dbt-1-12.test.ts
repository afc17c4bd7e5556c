import { beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../../../src/compile/compile.ts'
import { readProject } from '../../../src/project/read-project.ts'
import { type ManifestArtifact, manifestArtifact } from '../../../src/run/artifacts/manifest-artifact.ts'
import { withProject } from '../../project/temp-project.ts'
import { options } from './sample-shop.ts'

/*
 * What stands in manifest.json of the parts that dbt 1.12.3 writes in ways of its own; the expected values are dbt's,
 * of the same files.
 */

const files = {
  'dbt_project.yml': "name: man\nprofile: man\nmodels:\n  man: {+schema: \"{{ var('sch', 'extra') }}\"}\n",
  'seeds/s.csv': 'id,name\r\n1,a\r\n',
  'models/values.sql': `{{ config(materialized='table', tags=['x'], enabled=True, meta={'k': 'v'}) }}
select * from {{ ref('s') }} union all select * from {{ ref('s') }}`,
  'models/texts.sql': `{{ config(materialized=('table' if target.name == 'dev' else 'view'), tags=['x', 'y'], unique_key=['id'],
  schema=var('sch', 'a'), alias='b' ~ "b", pre_hook="select 1", n=3, f=1.5, neg=-1, t=('a',), nothing=none, on=true,
  d={'k': [1]}, c=target.threads > 2 and not var('x', 1), i=[target][0].name, q=var('x', '1')|int) }}
select * from {{ ref('s') }}, {{ source('raw', 'zz') }}, {{ source('raw', 'zz') }} {% if is_incremental() %} where {{ say() }} {% endif %}`,
  'models/use_v.sql': "select * from {{ ref('v') }} union all select * from {{ ref('man', 'v', v=1) }}",
  'models/v_v1.sql': 'select 1 as id',
  'models/gone.sql': '{{ config(enabled=false) }} select 1 as id',
  'models/m.yml': `sources:
  - name: raw
    schema: "{{ target.schema }}"
    database: "{{ target.dbname }}"
    tables: [{name: zz, description: "See {{ doc('id_doc') }}"}]
models:
  - name: values
    description: |
      As it is written.
    meta:
      note: |
        without the last line break
    columns: [{name: id, description: "{{ doc('man', 'id_doc') }}"}]
  - name: texts
    config: {meta: {owner: "{{ target.name }}"}}
  - name: v
    latest_version: 1
    versions: [{v: 1}]
  - name: gone
    columns: [{name: id, data_tests: [unique]}]
exposures:
  - {name: e, type: dashboard, owner: {name: x}, tags: [one], config: {meta: {z: 1}}}
`,
  'models/docs.md': '{% docs id_doc %}\n The id.\n{% enddocs %}',
  'macros/m.sql': `{% macro say() -%}
  {{ return(adapter.dispatch('say', 'man')()) }}
{%- endmacro %}


{%- macro default__say() -%}
  {{ say.helper('run_query()') | length() }} {{ man.default__say() }}
{%- endmacro -%}

{% macro crlf() %}1{% endmacro %}
`,
  'macros/crlf.sql': '{% macro lines() %}\r\n  1\r\n{% endmacro %}\r\n',
}

describe('the manifest, as dbt 1.12 writes it', () => {
  let manifest: ManifestArtifact
  beforeAll(async () => {
    manifest = await withProject(files, async (root) => {
      const { target } = options
      const request = { target, vars: {}, env: {}, clock: () => options.generatedAt }
      return manifestArtifact((await compile(await readProject(root), request)).manifest, options)
    })
  })
  const node = (id: string) => manifest.nodes[id] as Record<string, unknown>

  it('has the values of a config that is read without rendering', () => {
    expect(node('model.man.values')).toMatchObject({
      unrendered_config: {
        schema: "{{ var('sch', 'extra') }}",
        materialized: 'table',
        tags: ['x'],
        enabled: true,
        meta: { k: 'v' },
      },
      refs: [
        { name: 's', package: null, version: null },
        { name: 's', package: null, version: null },
      ],
      description: 'As it is written.\n',
      config: { meta: { note: 'without the last line break', k: 'v' } },
      columns: { id: { description: 'The id.', doc_blocks: ['doc.man.id_doc'] } },
    })
  })

  it('has the source of the arguments of any other', () => {
    expect(node('model.man.texts')['unrendered_config']).toEqual({
      materialized:
        "CondExpr(test=Compare(expr=Getattr(node=Name(name='target', ctx='load'), attr='name', ctx='load'), ops=[Operand(op='eq', expr=Const(value='dev'))]), expr1=Const(value='table'), expr2=Const(value='view'))",
      meta: { owner: '{{ target.name }}' },
      tags: "['x', 'y']",
      unique_key: "['id']",
      schema: "var('sch', 'a')",
      alias: "'b' ~ 'b'",
      pre_hook: 'select 1',
      n: '3',
      f: '1.5',
      neg: '-1',
      t: "('a',)",
      nothing: 'None',
      on: 'True',
      d: "{'k': [1]}",
      c: "target.threads > 2 and not var('x', 1)",
      i: '[target][0].name',
      q: "Filter(node=Call(node=Name(name='var', ctx='load'), args=[Const(value='x'), Const(value='1')], kwargs=[], dyn_args=None, dyn_kwargs=None), name='int', args=[], kwargs=[], dyn_args=None, dyn_kwargs=None)",
    })
    expect(node('model.man.texts')).toMatchObject({
      sources: [
        ['raw', 'zz'],
        ['raw', 'zz'],
      ],
      config: { unique_key: ['id'] },
    })
  })

  it('names versions and packages only where the template does', () => {
    expect(node('model.man.use_v')['refs']).toEqual([
      { name: 'v', package: null, version: null },
      { name: 'v', package: 'man', version: 1 },
    ])
  })

  it('has tests of what is switched off among the nodes', () => {
    const id = Object.keys(manifest.nodes).find((one) => one.startsWith('test.man.unique_gone_id'))!
    expect(node(id)).toMatchObject({
      config: { enabled: false },
      unrendered_config: {},
      refs: [{ name: 'gone', package: null, version: null }],
      depends_on: { nodes: [] },
      file_key_name: 'models.gone',
    })
    expect(manifest.parent_map[id]).toEqual([])
    expect(Object.keys(manifest.disabled)).toEqual(['model.man.gone'])
  })

  it('has sources, seeds and exposures as they are written', () => {
    expect(manifest.sources['source.man.raw.zz']).toMatchObject({
      unrendered_schema: '{{ target.schema }}',
      unrendered_database: '{{ target.dbname }}',
      doc_blocks: ['doc.man.id_doc'],
    })
    // The hash of `id,name\n1,a`.
    expect(node('seed.man.s')['checksum']).toEqual({
      name: 'sha256',
      checksum: '8785bd65e2099267252e07a04b3ad2eb72f692775aae46d95ff6a49f0a864e4f',
    })
    expect(manifest.exposures['exposure.man.e']).toMatchObject({
      tags: ['one'],
      unrendered_config: { meta: { z: 1 } },
    })
    expect(manifest.exposures['exposure.man.e']!['unrendered_config']).not.toHaveProperty('tags')
  })

  it('has macros to the byte, and what they call', () => {
    const macro = (name: string) => manifest.macros[`macro.man.${name}`] as Record<string, unknown>
    expect(macro('default__say')).toMatchObject({
      macro_sql:
        "\n\n\n{%- macro default__say() -%}\n  {{ say.helper('run_query()') | length() }} {{ man.default__say() }}\n{%- endmacro -%}\n\n",
      depends_on: { macros: ['macro.man.default__say'] },
    })
    expect(macro('crlf')['macro_sql']).toBe('{% macro crlf() %}1{% endmacro %}')
    expect(macro('lines')['macro_sql']).toBe('{% macro lines() %}\r\n  1\r\n{% endmacro %}')
    expect(macro('say')['depends_on']).toEqual({ macros: ['macro.man.default__say'] })
  })
})
