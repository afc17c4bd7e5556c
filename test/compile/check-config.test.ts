import { describe, expect, it, test } from 'vitest'
import type { Files } from '../project/temp-project.ts'
import { compiled, failureOf, publishedScope } from './context/parse-project.ts'

const project = {
  'dbt_project.yml': 'name: demo\n',
  'models/m.sql': 'select 1 as id',
  'seeds/s.csv': 'id\n1\n',
}
const model = (config: string): Files => ({
  ...project,
  'models/y.yml': `models: [{name: m, config: {${config}}}]`,
})
const seed = (config: string): Files => ({
  ...project,
  'models/y.yml': `seeds: [{name: s, config: {${config}}}]`,
})
const snapshot = (config: string): Files => ({
  ...project,
  'models/y.yml': `snapshots: [{name: h, relation: ref('s'), config: {unique_key: id, ${config}}}]`,
})
const unique = (config: string): Files => ({
  ...project,
  'models/y.yml': `models: [{name: m, columns: [{name: id, data_tests: [{unique: {config: {${config}}}}]}]}]`,
})

describe('a config', () => {
  test.each<[string, Files]>([
    ['model \'m\': enabled must be true or false, not "false"', model("enabled: 'false'")],
    ['model \'m\': meta must be a mapping (key: value), not "text"', model('meta: text')],
    ["model 'm': tags must be text, or a list of texts, not [{", model('tags: [{a: 1}]')],
    ["model 'm': contract must be a mapping (key: value), not true", model('contract: true')],
    ["model 'm': contract enforced must be true or false", model("contract: {enforced: 'yes'}")],
    ["model 'm': contract does not know 'enforce'", model('contract: {enforce: true}')],
    ["model 'm': docs node_color must be the name of an HTML colour", model('docs: {node_color: blau}')],
    ["model 'm': docs show must be true or false", model('docs: {show: perhaps}')],
    ["model 'm': grants must be a mapping", model('grants: [select]')],
    ["model 'm': persist_docs must be a mapping", model('persist_docs: true')],
    ["seed 's': indexes does not know 'where'", seed('indexes: [{columns: [id], where: id > 1}]')],
    ["model 'm': on_configuration_change must be one of", model('on_configuration_change: never')],
    ["model 'm': post_hook must be SQL, or a mapping with sql", model('post_hook: [{sqll: select 1}]')],
    ["model 'm': it is to stand in the database 'other', and target 'dev'", model('database: other')],
    [
      'an incremental model with an enforced contract needs another on_schema_change',
      model('materialized: incremental, contract: {enforced: true}'),
    ],
    ['seed \'s\': delimiter must be one character, not "||"', seed("delimiter: '||'")],
    [
      "snapshot 'h': the strategy timestamp has no 'check_cols'",
      snapshot('strategy: timestamp, updated_at: id, check_cols: all'),
    ],
    [
      "snapshot 'h': it has both hard_deletes and",
      snapshot('strategy: check, check_cols: all, hard_deletes: ignore, invalidate_hard_deletes: true'),
    ],
    ["snapshot 'h': there is no macro snapshot_chek_strategy", snapshot('strategy: chek')],
    ["seed 's': column_types must be a mapping", seed('column_types: text')],
    ["seed 's': quote_columns must be true or false", seed('quote_columns: maybe')],
    ['test \'unique_m_id\': limit must be a whole number, not "abc"', unique('limit: abc')],
    [
      "test 'unique_m_id': store_failures_as must be one of table, view, ephemeral",
      unique('store_failures_as: file'),
    ],
    ["test 'unique_m_id': store_failures must be true or false", unique('store_failures: sometimes')],
  ])('is refused as by dbt: %s', async (message, files) => {
    const failure = await failureOf(compiled(files))
    expect(failure).toContain(message)
    expect(failure).toContain('[config-invalid]')
  })

  it('of a node that is switched off may be anything', async () => {
    const { manifest } = await compiled(model('enabled: false, database: other, contract: true'))
    expect(manifest.nodes).not.toHaveProperty('model.demo.m')
  })

  it('of a model may name a change of columns that nobody knows, which is worth a warning', async () => {
    const { manifest } = await compiled(model('materialized: incremental, on_schema_change: sometimes'))
    expect(manifest.nodes['model.demo.m']).toMatchObject({ onSchemaChange: 'ignore' })
    expect(manifest.nodes['model.demo.m']).not.toHaveProperty('refusal')
    expect(manifest.warnings.map(({ message }) => message)).toEqual([
      'on_schema_change: "sometimes" is not allowed',
    ])
  })

  it('may name what dbt allows', async () => {
    const config =
      'database: SHOP, docs: {show: false, node_color: "#ABC"}, contract: {enforced: false}, tags: one, meta: {}, grants: {select: ann}, persist_docs: {relation: true}, indexes: [{columns: id, unique: true, type: hash}], post_hook: [select 1, {sql: select 2, transaction: false}], on_configuration_change: apply, full_refresh: null'
    const { manifest } = await compiled(model(config))
    expect(manifest.warnings).toEqual([])
  })

  it('of a single node cannot say how names are quoted, which is worth a warning', async () => {
    const { manifest } = await compiled(model('quoting: {identifier: false}'))
    expect(manifest.warnings.map(({ message }) => message)).toEqual([
      "model 'm' sets quoting, which has no effect on a single node, here as in dbt",
    ])
  })
})

describe('a source in another database', () => {
  const files = (database: string) => ({
    ...project,
    'models/m.sql': "select * from {{ source('raw', 't') }}",
    'models/y.yml': `sources: [{name: raw, database: "${database}", tables: [{name: t}]}]`,
  })
  const textOf = async (database: string) => {
    const { manifest, renderer } = await compiled(files(database))
    const { text } = await renderer.compile('model.demo.m', publishedScope())
    return { text, warnings: manifest.warnings.map(({ message }) => message) }
  }

  it('is read there, which PostgreSQL will refuse, and a warning says so before', async () => {
    expect(await textOf('other')).toEqual({
      text: 'select * from "other"."raw"."t"',
      warnings: [
        "source 'raw.t' stands in the database 'other', and target 'dev' connects to 'shop': what reads it will fail",
      ],
    })
    expect(await textOf('{{ target.database }}')).toEqual({
      text: 'select * from "shop"."raw"."t"',
      warnings: [],
    })
  })
})

describe('a macro generate_database_name', () => {
  const macro = (body: string) => ({
    ...project,
    'macros/d.sql': `{% macro generate_database_name(custom, node) %}${body}{% endmacro %}`,
  })
  it('may name the database that the target connects to, and no other', async () => {
    const same = await compiled(macro('{{ custom or target.database }}'))
    expect(Object.keys(same.manifest.nodes)).toContain('model.demo.m')
    expect(await failureOf(compiled(macro('warehouse_{{ node.name }}')))).toContain(
      "the database 'warehouse_m'",
    )
  })
})

describe('the config of a load', () => {
  const files = {
    'project.yml': 'name: demo\nvars: {source: product}\n',
    'pipelines/l.yml': [
      'loads:',
      '  - name: l',
      '    kind: files',
      '    from: data/*.csv',
      `    config: { enabled: "{{ (var('source') == 'files') | as_bool }}", tags: ["{{ var('source') }}"] }`,
      '    tables:',
      '      - { name: t, schema: raw, columns: [{ name: id, type: bigint }] }',
    ].join('\n'),
  }
  it('may hold templates, which see the vars of the project and of the command line', async () => {
    const off = await compiled(files)
    expect(Object.keys(off.manifest.nodes)).toEqual([])
    const on = await compiled(files, { vars: { source: 'files' } })
    expect(Object.keys(on.manifest.nodes)).toEqual(['load.demo.l'])
    expect(on.manifest.nodes['load.demo.l']!.config['tags']).toEqual(['files'])
  })
})
