import { describe, expect, test } from 'vitest'
import { manifestArtifact } from '../../src/run/artifacts/manifest-artifact.ts'
import type { Files } from '../project/temp-project.ts'
import { manifestFaults } from '../run/artifacts/dbt-format.ts'
import { options } from '../run/artifacts/sample-shop.ts'
import { compiled, failureOf, publishedScope } from './context/parse-project.ts'

/* Functions of a project; what the manifest says of them is what dbt 1.12.3 wrote for the same files. */

const files: Files = {
  'dbt_project.yml': 'name: fx\nprofile: fx\nfunctions: { fx: { +tags: [udf], +schema: udfs } }\n',
  'functions/double_it.sql': 'SELECT value * 2\n',
  'functions/double_text.sql': "SELECT val || val || {{ function('suffix') }}()",
  'functions/suffix.sql': "SELECT 'x'::text",
  'functions/f.yml': `
functions:
  - name: double_it
    description: Doubles
    config: { volatility: deterministic, meta: { a: 1 } }
    arguments: [{ name: value, data_type: float, description: a number, default_value: 3 }]
    returns: { data_type: float }
    overloads:
      - { defined_in: double_text, arguments: [{ name: val, data_type: text }], returns: { data_type: text } }
  - { name: suffix, returns: { data_type: text } }
`,
  'models/doubled.sql': "select {{ function('fx', 'double_it') }}(1) as d",
  'models/names.sql': "select '{{ graph.functions | length }}' as n, '{{ model.functions }}' as f",
}

describe('functions of a project', () => {
  test('stand in the manifest as dbt writes them', async () => {
    const { manifest } = await compiled(files)
    const artifact = manifestArtifact(manifest, options)
    expect(manifestFaults(artifact)).toEqual([])
    expect(Object.keys(artifact.functions)).toEqual(['function.fx.double_it', 'function.fx.suffix'])
    expect(artifact.functions['function.fx.double_it']).toMatchObject({
      resource_type: 'function',
      schema: 'analytics_udfs',
      path: 'double_it.sql',
      original_file_path: 'functions/double_it.sql',
      fqn: ['fx', 'double_it'],
      alias: 'double_it',
      checksum: {
        name: 'sha256',
        checksum: '2f9f1776dd6e0c37f55b5e32187e6430abba6b2463393797e3acf3addc61d41c',
      },
      config: { materialized: 'function', type: 'scalar', volatility: 'deterministic', meta: { a: 1 } },
      tags: ['udf'],
      raw_code: 'SELECT value * 2',
      arguments: [{ name: 'value', data_type: 'float', description: 'a number', default_value: 3 }],
      returns: { data_type: 'float', description: null },
      overloads: [
        {
          defined_in: 'double_text',
          arguments: [{ name: 'val', data_type: 'text', description: null, default_value: null }],
          returns: { data_type: 'text', description: null },
          description: null,
          compiled_body: null,
        },
      ],
      // An overload's reads are those of its function.
      depends_on: { nodes: ['function.fx.suffix'] },
      functions: [['suffix']],
    })
    expect(artifact.parent_map['model.fx.doubled']).toEqual(['function.fx.double_it'])
    expect(artifact.nodes['model.fx.doubled']).toMatchObject({ functions: [['double_it']] })
  })

  test('are called by the names under which they stand', async () => {
    const { renderer } = await compiled(files)
    const sqlOf = async (id: string) => (await renderer.compile(id, publishedScope())).text
    expect(await sqlOf('model.fx.doubled')).toBe('select "shop"."analytics_udfs"."double_it"(1) as d')
    expect(await sqlOf('model.fx.names')).toContain("select '2' as n")
  })

  const described = String(files['functions/f.yml'])
  test.each<[string, Files]>([
    [
      "function('duble_it') matches no function",
      { 'models/doubled.sql': "select {{ function('duble_it') }}(1)" },
    ],
    [
      'has no default and follows one that has',
      {
        'functions/f.yml': described.replace(
          'default_value: 3 }',
          'default_value: 3 }, { name: b, data_type: int }',
        ),
      },
    ],
    [
      "overload 'gone' of function 'double_it' has no file",
      {
        'functions/f.yml': described.replace('defined_in: double_text', 'defined_in: gone'),
      },
    ],
    [
      "function 'double_it' names itself as overload",
      {
        'functions/f.yml': described.replace('defined_in: double_text', 'defined_in: double_it'),
      },
    ],
    [
      "there is no function 'gone' to describe",
      {
        'project.yml': 'name: fx\n',
        'functions/f.yml': `${described}  - { name: gone, returns: { data_type: int } }\n`,
      },
    ],
  ])('%s', async (message, changed) => {
    expect(await failureOf(compiled({ ...files, ...changed }))).toContain(message)
  })
})
