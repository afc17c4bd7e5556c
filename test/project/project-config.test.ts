import { describe, expect, it } from 'vitest'
import { problemsOf, projectOf } from './temp-project.ts'

describe('project.yml', () => {
  it('needs only a name; the rest has defaults', async () => {
    const { config, configPath } = await projectOf({ 'project.yml': 'name: demo\n' })
    expect(configPath).toBe('project.yml')
    expect(config).toEqual({
      name: 'demo',
      version: '',
      paths: {
        models: ['models'],
        macros: ['macros'],
        seeds: ['seeds'],
        tests: ['tests'],
        snapshots: ['snapshots'],
        analyses: ['analyses'],
        functions: ['functions'],
        docs: ['models', 'macros', 'seeds', 'tests', 'snapshots', 'analyses', 'functions'],
        pipelines: ['pipelines'],
        analytics: ['analytics'],
        dags: ['dags'],
        assets: [],
        clean: ['target'],
        target: 'target',
        packages: 'dbt_packages',
      },
      vars: {},
      pools: {},
      configTrees: {
        models: {},
        seeds: {},
        snapshots: {},
        tests: {},
        unit_tests: {},
        sources: {},
        exposures: {},
        metrics: {},
        semantic_models: {},
        saved_queries: {},
        analyses: {},
        functions: {},
        jobs: {},
        loads: {},
      },
      dispatch: [],
      flags: {},
      defaultTarget: 'local',
      targets: { local: { engine: 'embedded', schema: 'analytics', threads: 4 } },
      publish: 'run',
      reuse: true,
      keepPublications: 0,
      onRunStart: [],
      onRunEnd: [],
      restrictAccess: false,
      dbtVersions: [],
    })
  })

  it('reads everything that can be set', async () => {
    const { config } = await projectOf({
      'project.yml': `
name: shop
version: 1.10
model-paths: [./sql/, more]
seed-paths: csv
target: prod
threads: 6
targets:
  local: { engine: embedded }
  prod: { engine: postgres, url: "{{ env_var('DATABASE_URL') }}", schema: marts, threads: 8 }
  parts: { engine: postgres, host: db, port: 5432, user: me, password: "{{ env_var('PW') }}", database: shop }
publish: node
vars: { start: 2026-01-01, flag: yes }
models: { shop: { staging: { +materialized: view } } }
tests: { +severity: warn }
data_tests: { +store_failures: true }
on-run-start: "select 1"
on-run-end: [select 2, { sql: select 3, transaction: false }]
profile: shop
asset-paths: [./pictures/]
clean-targets: [target, dbt_packages/]
log-path: logs
`,
    })
    expect(config.paths).toMatchObject({
      assets: ['pictures'],
      clean: ['target', 'dbt_packages'],
      logs: 'logs',
    })
    expect(config.version).toBe('1.10')
    expect(config.paths.models).toEqual(['sql', 'more'])
    expect(config.paths.seeds).toEqual(['csv'])
    expect(config.defaultTarget).toBe('prod')
    expect(config.targets).toEqual({
      local: { engine: 'embedded', schema: 'analytics', threads: 6 },
      prod: { engine: 'postgres', url: "{{ env_var('DATABASE_URL') }}", schema: 'marts', threads: 8 },
      parts: {
        engine: 'postgres',
        host: 'db',
        port: 5432,
        user: 'me',
        password: "{{ env_var('PW') }}",
        database: 'shop',
        schema: 'analytics',
        threads: 6,
      },
    })
    expect(config.publish).toBe('node')
    expect(config.vars).toEqual({ start: '2026-01-01', flag: true })
    expect(config.configTrees.models).toEqual({ shop: { staging: { '+materialized': 'view' } } })
    expect(config.configTrees.tests).toEqual({ '+severity': 'warn', '+store_failures': true })
    expect(config.onRunStart).toEqual(['select 1'])
    expect(config.onRunEnd).toEqual(['select 2', 'select 3'])
    expect(config.profile).toBe('shop')
  })

  it('takes the only target, or the first, where none is named', async () => {
    const first = await projectOf({
      'project.yml': 'name: a\ntargets:\n  dev: {engine: embedded}\n  ci: {engine: embedded}\n',
    })
    expect(first.config.defaultTarget).toBe('dev')
  })

  it('reports every problem together, with its place and what is allowed', async () => {
    const problems = await problemsOf({
      'project.yml': `name: my-shop
modle-paths: [models]
publish: nodes
target: prd
threads: many
targets:
  prod: { engine: postgre, url: x }
`,
    })
    expect(problems).toEqual([
      `project.yml:1:7  'name' may hold only letters, digits and underscores, and starts with no digit   [yaml-invalid]
  1 | name: my-shop
            ^`,
      `project.yml:2:1  unknown key 'modle-paths'   [yaml-unknown-key]
  2 | modle-paths: [models]
      ^
  did you mean 'model-paths'?`,
      `project.yml:3:10  'publish' must be 'run' or 'node', not the text 'nodes'   [yaml-invalid]
  3 | publish: nodes
               ^
  did you mean 'node'?`,
      `project.yml:5:10  'threads' must be a whole number, not the text 'many'   [yaml-invalid]
  5 | threads: many
               ^`,
      `project.yml:7:19  'engine' must be 'embedded' or 'postgres', not the text 'postgre'   [yaml-invalid]
  7 |   prod: { engine: postgre, url: x }
                        ^
  did you mean 'postgres'?`,
    ])
  })

  it('refuses a target that is not there, and one without an address', async () => {
    expect(
      await problemsOf({ 'project.yml': 'name: a\ntarget: prd\ntargets:\n  prod: {engine: embedded}\n' }),
    ).toEqual([
      `project.yml:2:9  target 'prd' is not among the targets   [target-unknown]
  2 | target: prd
              ^
  did you mean 'prod'?`,
    ])
    const [noAddress] = await problemsOf({ 'project.yml': 'name: a\ntargets:\n  prod: {engine: postgres}\n' })
    expect(noAddress).toContain("project.yml:3:9  a target of engine 'postgres' needs 'url' or 'host'")
    const [both] = await problemsOf({
      'project.yml': 'name: a\ntargets:\n  prod: {engine: postgres, url: x, host: h}\n',
    })
    expect(both).toContain("either 'url' or the parts of an address")
  })

  it('explains an empty file and a list in place of a mapping', async () => {
    expect((await problemsOf({ 'project.yml': '# nothing\n' }))[0]).toContain('project.yml is empty')
    expect((await problemsOf({ 'project.yml': '- name: a\n' }))[0]).toContain(
      'the file must be a mapping (key: value), not a list',
    )
  })
})

describe('query-comment', () => {
  const specOf = async (text: string) =>
    (await projectOf({ 'project.yml': `name: demo\n${text}` })).config.queryComment

  it('is a template, a mapping with one, or nothing', async () => {
    expect(await specOf('query-comment: "{{ x }}"')).toEqual({ comment: '{{ x }}', append: false })
    expect(await specOf('query-comment: {append: true, job-label: true}')).toEqual({ append: true })
    expect(await specOf('query-comment: {comment: a, append: false}')).toEqual({
      comment: 'a',
      append: false,
    })
    expect(await specOf('query-comment:')).toBeNull()
    expect(await specOf('query-comment: ""')).toBeNull()
    expect(await specOf('query-comment: {comment: ""}')).toBeNull()
    expect(await specOf('')).toBeUndefined()
  })

  it('has no other keys', async () => {
    const [problem] = await problemsOf({ 'project.yml': 'name: demo\nquery-comment: {coment: a}' })
    expect(problem).toContain("unknown key 'coment' in 'query-comment'")
  })
})

describe('dbt_project.yml', () => {
  it('accepts dbt keys, and lets unknown ones pass with a warning', async () => {
    const project = await projectOf({
      'dbt_project.yml': `
name: jaffle
config-version: 2
version: "0.1"
profile: jaffle
snapshot-paths: [snapshots]
clean-targets: [target, dbt_modules]
require-dbt-version: [">=1.0.0", "<3.0.0"]
query-comment: null
dispatch: []
flags: { send_anonymous_usage_stats: false }
models: { jaffle: { +materialized: table } }
my-own-key: 1
`,
    })
    expect(project.configPath).toBe('dbt_project.yml')
    expect(project.config.profile).toBe('jaffle')
    expect(project.config.dbtVersions).toEqual(['>=1.0.0', '<3.0.0'])
    expect(project.warnings.map(({ code, severity, place }) => [code, severity, place?.line])).toEqual([
      ['yaml-unknown-key', 'warning', 13],
    ])
  })

  it.each([
    ['name: config', "'name' is a word that templates use themselves"],
    ['name: a\nconfig-version: 1', "'config-version' must be '2', not the number 1"],
    ['name: a\ndispatch: [{macro_namespace: dbt}]', "'search_order' is missing"],
    [
      'name: a\ntests: {+severity: warn}\ndata_tests: {+severity: warn}',
      "'tests' and 'data_tests' are the same",
    ],
    ['name: a\nrequire-dbt-version: soon', "'soon' is not a range of versions"],
    ['name: a\nversion: abc', "'abc' is not a version"],
    ['name: a\nversion: 1', "'1' is not a version"],
    ["name: a\nversion: ''", "'' is not a version"],
    ['name: a\nversion: v1.0.0', "'v1.0.0' is not a version"],
    ["name: a\nversion: '1.0.0rc1'", "'1.0.0rc1' is not a version"],
    ['name: a\ndbt-cloud: text', "'dbt-cloud' must be a mapping"],
    ['name: a\nrestrict-access: maybe', "'restrict-access' must be true or false"],
  ])('with %j is refused', async (text, message) => {
    expect((await problemsOf({ 'dbt_project.yml': text })).join('\n')).toContain(message)
  })

  it.each(['1.0', "'1.0'", '1.10', '1.0.0-rc.1', '1.0.0+b7'])('has the version %s', async (version) => {
    const { config } = await projectOf({ 'dbt_project.yml': `name: a\nversion: ${version}\n` })
    expect(config.version).toBe(version.replaceAll("'", ''))
  })

  it('stands back where project.yml stands beside it', async () => {
    const { config } = await projectOf({ 'dbt_project.yml': 'name: theirs\n', 'project.yml': 'name: ours\n' })
    expect(config.name).toBe('ours')
  })
})
