import { describe, expect, it } from 'vitest'
import type { TestSpec } from '../../src/core/project.ts'
import { problemsOf, projectOf } from './temp-project.ts'

async function testsOf(yaml: string): Promise<Partial<TestSpec>[]> {
  const text = `models:\n  - name: m\n    columns:\n      - name: c\n        tests:\n${yaml.replace(/^/gm, '          ')}\n`
  const { patches } = await projectOf({ 'models/m.yml': text })
  return patches[0]!.columns[0]!.tests.map(({ place: _, ...rest }) => rest)
}

describe('tests', () => {
  const bare = { description: '', args: {}, config: {} }

  it.each<[string, string, Partial<TestSpec>]>([
    ['a name', '- not_null', { ...bare, test: 'not_null' }],
    ['a name of a package', '- dbt_utils.at_least_one', { ...bare, test: 'dbt_utils.at_least_one' }],
    ['an empty mapping', '- unique:', { ...bare, test: 'unique' }],
    [
      'arguments beside config',
      '- accepted_values: {values: [a, b], severity: warn, where: "x > 1"}',
      {
        ...bare,
        test: 'accepted_values',
        args: { values: ['a', 'b'] },
        config: { severity: 'warn', where: 'x > 1' },
      },
    ],
    [
      'arguments and config in their own mappings',
      '- relationships:\n    name: has_user\n    description: " Each has one. "\n    arguments: {to: ref(\'users\'), field: id}\n    config: {error_if: ">10", tags: [x]}',
      {
        test: 'relationships',
        name: 'has_user',
        description: ' Each has one. ',
        args: { to: "ref('users')", field: 'id' },
        config: { error_if: '>10', tags: ['x'] },
      },
    ],
    [
      'config among the arguments, which for dbt is config there too',
      '- relationships:\n    arguments: {name: has_user, to: ref(\'users\'), field: id, where: "x > 1"}\n    config: {limit: 5}',
      {
        test: 'relationships',
        name: 'has_user',
        description: '',
        args: { to: "ref('users')", field: 'id' },
        config: { where: 'x > 1', limit: 5 },
      },
    ],
    [
      'test_name',
      '- {name: known, test_name: accepted_values, values: [1], config: {limit: 5}}',
      {
        test: 'accepted_values',
        name: 'known',
        description: '',
        args: { values: [1] },
        config: { limit: 5 },
      },
    ],
  ])('are read from %s', async (_, yaml, expected) => {
    expect(await testsOf(yaml)).toEqual([expected])
  })

  it('stand where they are declared', async () => {
    const { patches } = await projectOf({
      'models/m.yml':
        'models:\n  - name: m\n    data_tests:\n      - unique:\n          column_name: a\n    tests: [t]\n',
    })
    expect(patches[0]!.tests.map(({ test, place }) => [test, place.line, place.column])).toEqual([
      ['t', 6, 13],
      ['unique', 4, 9],
    ])
  })

  it('are refused with the reason', async () => {
    const problems = await problemsOf({
      'models/m.yml': `models:
  - name: m
    tests:
      - unique:
        config: {severity: warn}
      - 5
      - accepted_values: [a]
      - not_null: {severity: eror}
      - not_null: {config: {where: a}, where: b}
      - not_null: {model: x, config: [y]}
      - "not null"
`,
    })
    expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
      "models/m.yml:4:9  a test has one name, but here stand 'unique' and 'config'   [yaml-invalid]",
      'models/m.yml:6:9  a test must be a name or a mapping   [yaml-invalid]',
      "models/m.yml:7:26  the arguments of 'accepted_values' must be a mapping (key: value)   [yaml-invalid]",
      "models/m.yml:8:30  'severity' must be 'error' or 'warn', not 'eror'   [yaml-invalid]",
      "models/m.yml:9:47  'where' stands both beside and inside 'config'   [yaml-invalid]",
      "models/m.yml:10:27  a test may not set 'model'   [yaml-invalid]",
      "models/m.yml:10:38  'config' must be a mapping (key: value)   [yaml-invalid]",
      "models/m.yml:11:9  'not null' is no name of a test   [yaml-invalid]",
    ])
    expect(problems[0]).toContain("indent what belongs to 'unique' below it")
    expect(problems[3]).toContain("did you mean 'error'?")
  })
})

describe('models, seeds and jobs', () => {
  it('are patched with everything that dbt lets one say', async () => {
    const { patches } = await projectOf({
      'models/m.yml': `
version: 2
models:
  - name: orders
    description: |
      One row per order.
    access: public
    group: sales
    docs: {show: true}
    tags: nightly
    meta: {owner: a, tier: 1}
    config: {tags: [x, nightly], meta: {tier: 2}, materialized: table, contract: {enforced: true}}
    latest_version: 2
    versions: [{v: 1}, {v: 2}]
    constraints: [{type: primary_key, columns: [id]}]
    columns:
      - name: id
        data_type: bigint
        quote: true
        tags: [key]
        meta: {pii: false}
        config: {tags: [extra], meta: {pii: true}}
        constraints: [{type: not_null}]
        description:
        data_tests:
seeds:
  - {name: countries, config: {column_types: {code: text}}}
jobs:
  - {name: lift, description: What it did.}
data_tests:
  - {name: sums_agree, config: {severity: warn}}
macros: [{name: cents, arguments: [{name: column, type: string, description: A column.}]}]
groups: [{name: sales, owner: {name: a}}]
`,
    })
    const byName = (name: string) => patches.find((patch) => patch.name === name)
    const [orders, countries, lift, sums] = ['orders', 'countries', 'lift', 'sums_agree'].map(byName)
    expect(orders).toMatchObject({
      resource: 'model',
      name: 'orders',
      description: 'One row per order.\n',
      config: {
        access: 'public',
        group: 'sales',
        docs: { show: true },
        tags: ['nightly', 'x'],
        meta: { owner: 'a', tier: 2 },
        materialized: 'table',
        contract: { enforced: true },
      },
      latestVersion: 2,
      versions: [{ v: 1 }, { v: 2 }],
      extra: { constraints: [{ type: 'primary_key', columns: ['id'] }] },
      place: { file: 'models/m.yml', line: 4, column: 5 },
    })
    expect(orders!.columns).toEqual([
      {
        name: 'id',
        description: '',
        dataType: 'bigint',
        quote: true,
        tags: ['key', 'extra'],
        meta: { pii: true },
        config: { tags: ['extra'], meta: { pii: true } },
        constraints: [{ type: 'not_null' }],
        tests: [],
        extra: {},
      },
    ])
    expect(countries).toMatchObject({ resource: 'seed', config: { column_types: { code: 'text' } } })
    expect(lift).toMatchObject({ resource: 'job', description: 'What it did.' })
    expect(sums).toMatchObject({ resource: 'test', name: 'sums_agree', config: { severity: 'warn' } })
  })

  it('takes y and n for names, and yes and off for booleans, as dbt does', async () => {
    const { patches } = await projectOf({
      'models/m.yml':
        'models: [{name: m, columns: [{name: y}, {name: n}], config: {a: yes, b: off, c: 2024-01-01}}]\n',
    })
    expect(patches[0]!.columns.map(({ name }) => name)).toEqual(['y', 'n'])
    expect(patches[0]!.config).toEqual({ a: true, b: false, c: '2024-01-01' })
  })

  it('takes quotes and brackets to go on wherever their lines begin, as dbt does', async () => {
    const { patches } = await projectOf({
      'models/y.yml': `
models:
  - name: one
    description: "first
    second
  third"#a remark
    tags: [a,
b,
  ]
    columns:
      - name: id`,
    })
    expect(patches).toMatchObject([
      {
        name: 'one',
        description: 'first second third',
        config: { tags: ['a', 'b'] },
        columns: [{ name: 'id' }],
      },
    ])
  })

  it('passes over tests at the top of a file of a dbt project, named or not', async () => {
    const files = {
      'dbt_project.yml': 'name: demo\nprofile: demo\n',
      'models/y.yml':
        'tests: [{not_null: {column_name: id}}]\ndata_tests: [{name: one, description: told}]\n',
    }
    const { patches, warnings } = await projectOf(files)
    expect(patches).toMatchObject([{ name: 'one', description: 'told' }])
    expect(warnings.map(({ code, message }) => [code, message])).toEqual([
      ['yaml-unknown-key', expect.stringContaining("unknown key 'tests'")],
    ])
    expect(await problemsOf({ 'models/y.yml': 'tests: [{not_null: {column_name: id}}]\n' })).toEqual([
      expect.stringContaining("'name' is missing"),
      expect.stringContaining("unknown key 'not_null'"),
    ])
  })

  it('follows anchors and merges, in values and in places', async () => {
    const files = {
      'models/m.yml': `
models:
  - &first
    name: a
    config: {materialized: table}
    columns: [{name: id, tests: [unique]}]
  - <<: *first
    name: b
`,
    }
    const { patches } = await projectOf(files)
    expect(patches.map(({ name, config }) => [name, config])).toEqual([
      ['a', { materialized: 'table' }],
      ['b', { materialized: 'table' }],
    ])
    expect(patches[1]!.columns[0]!.tests[0]!.place).toMatchObject({ line: 6, column: 34 })
  })

  it('reports unknown keys, wrong types and repeated columns', async () => {
    expect(
      await problemsOf({
        'models/m.yml': `models:
  - name: orders
    colums: []
    description: [a]
    columns:
      - name: id
      - name: 7
      - name: ID
      - descripton: x
`,
      }),
    ).toEqual([
      `models/m.yml:3:5  unknown key 'colums'   [yaml-unknown-key]
  3 |     colums: []
          ^
  did you mean 'columns'?`,
      `models/m.yml:4:18  'description' must be text, not a list   [yaml-invalid]
  4 |     description: [a]
                       ^`,
      `models/m.yml:7:15  'name' must be text, not the number 7   [yaml-invalid]
  7 |       - name: 7
                    ^
  to mean the text, put it in quotes: '7'`,
      `models/m.yml:9:9  'name' is missing   [yaml-invalid]
  9 |       - descripton: x
              ^
  it must be text`,
      `models/m.yml:9:9  unknown key 'descripton'   [yaml-unknown-key]
  9 |       - descripton: x
              ^
  did you mean 'description'?`,
    ])
    const [twice] = await problemsOf({
      'models/m.yml': 'models:\n  - name: m\n    columns:\n      - name: id\n      - name: ID\n',
    })
    expect(twice).toContain("models/m.yml:5:15  column 'ID' is described twice   [name-duplicate]")
    expect(twice).toContain('models/m.yml:4:9  first described here')
  })
})

describe('sources', () => {
  it('hands down what is said of the whole source', async () => {
    const { sources } = await projectOf({
      'models/s.yml': `
sources:
  - name: app
    description: The application.
    schema: "{{ var('app_schema') }}"
    database: raw
    loader: fivetran
    loaded_at_field: updated_at
    freshness: {warn_after: {count: 1, period: day}}
    tags: [app]
    meta: {owner: a}
    config: {enabled: true}
    tables:
      - name: users
        identifier: app_users
        description: People.
        tags: pii
        freshness: null
        meta: {owner: b}
        columns: [{name: id, tests: [unique]}]
      - name: events
        config: {loaded_at_field: at}
  - name: bare
    tables: [{name: t}]
`,
    })
    expect(sources[0]).toMatchObject({
      sourceName: 'app',
      sourceDescription: 'The application.',
      schema: "{{ var('app_schema') }}",
      name: 'users',
      identifier: 'app_users',
      description: 'People.',
      config: {
        enabled: true,
        loader: 'fivetran',
        loaded_at_field: 'updated_at',
        freshness: null,
        tags: ['app', 'pii'],
        meta: { owner: 'b' },
      },
      extra: { database: 'raw' },
      place: { line: 14, column: 9 },
    })
    expect(sources[0]!.columns[0]!.tests[0]!.test).toBe('unique')
    expect(sources[1]!.config).toMatchObject({
      loaded_at_field: 'at',
      freshness: { warn_after: { count: 1, period: 'day' } },
    })
    expect(sources[2]).toMatchObject({ schema: 'bare', identifier: 't', config: {} })
  })
})

describe('exposures', () => {
  it('are read with what they depend on', async () => {
    const { exposures } = await projectOf({
      'models/e.yml': `
exposures:
  - name: board
    label: Board
    type: dashboard
    url: https://bi.example/1
    owner: {name: Ann, email: [ann@example.com]}
    depends_on: [ref('orders'), "source('app','users')"]
    tags: [weekly]
`,
    })
    expect(exposures).toEqual([
      {
        package: 'demo',
        packagePath: 'models/e.yml',
        name: 'board',
        description: '',
        type: 'dashboard',
        url: 'https://bi.example/1',
        owner: { name: 'Ann', email: 'ann@example.com' },
        dependsOn: ["ref('orders')", "source('app','users')"],
        config: { tags: ['weekly'] },
        label: 'Board',
        extra: {},
        place: { file: 'models/e.yml', line: 3, column: 5 },
      },
    ])
  })
})
