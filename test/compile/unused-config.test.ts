import { describe, expect, it } from 'vitest'
import { compiled, failureOf } from './context/parse-project.ts'

describe('config trees of the project file', () => {
  const warningsOf = async (tree: string) => {
    const { manifest } = await compiled({
      'dbt_project.yml': `name: demo\n${tree}`,
      'models/marts/m.sql': 'select 1 as id',
      'models/gone.sql': '{{ config(enabled=false) }} select 1',
      'seeds/s.csv': 'id\n1\n',
      'analyses/a.sql': 'select 1',
      'models/y.yml':
        'sources: [{name: raw, tables: [{name: t}]}]\nexposures: [{name: e, type: dashboard, owner: {name: a}}]',
    })
    return manifest.warnings.map(({ message, hint, place }) => [message, hint, place?.line])
  }

  it('warn of folders and nodes that are not there', async () => {
    expect(await warningsOf('models:\n  demo:\n    mart: {+materialized: table}\n')).toEqual([
      ['models.demo.mart configures nothing: there is no such folder or node', "did you mean 'marts'?", 4],
    ])
    expect(
      await warningsOf('models: {demo: {marts: {k: {+enabled: true}}}}\nseeds: {dema: {+tags: [a]}}'),
    ).toEqual([
      ['models.demo.marts.k configures nothing: there is no such folder or node', "did you mean 'm'?", 2],
      ['seeds.dema configures nothing: there is no such folder or node', "did you mean 'demo'?", 3],
    ])
  })

  it('take a mapping without a plus for a folder, and say so', async () => {
    expect(await warningsOf('models: {demo: {meta: {owner: ann}}}')).toEqual([
      [
        'models.demo.meta configures nothing: there is no such folder or node',
        "write '+meta' if config is meant",
        2,
      ],
    ])
  })

  it('say nothing of what is used, of nodes that are off, of packages that are there', async () => {
    const used = `
models: {+materialized: view, demo: {gone: {+materialized: table}, marts: {m: {+tags: [a]}}}}
seeds: {demo: {+enabled: true}}
sources: {demo: {raw: {t: {+enabled: true}}}}
exposures: {demo: {e: {+tags: [x]}}}
`
    expect(await warningsOf(used)).toEqual([])
  })

  it('hold for analyses where a flag asks for it, as in dbt 1.12', async () => {
    const files = (flags: string) => ({
      'dbt_project.yml': `name: demo\nanalyses: {demo: {deep: {+tags: [x]}}}\nmodels: {+tags: [y]}\n${flags}`,
      'analyses/deep/a.sql': 'select 1',
    })
    const own = await compiled(files('flags: {require_corrected_analysis_fqns: true}'))
    expect(own.manifest.nodes['analysis.demo.a']).toMatchObject({ tags: ['x'], fqn: ['demo', 'deep', 'a'] })
    expect(own.manifest.warnings).toEqual([])
    const older = await compiled(files(''))
    expect(older.manifest.nodes['analysis.demo.a']).toMatchObject({
      tags: ['y'],
      fqn: ['demo', 'analysis', 'deep', 'a'],
    })
    expect(older.manifest.warnings.map(({ message }) => message)).toEqual([
      'analyses configures nothing without a flag',
    ])
  })
})

describe('names of models, tests and the like', () => {
  const files = (flags: string) => ({
    'dbt_project.yml': `name: demo\n${flags}`,
    'models/my model.sql': 'select 1 as id',
  })

  it('hold no spaces, unless the project asks for it', async () => {
    expect(await failureOf(compiled(files('')))).toContain("the name of model 'my model' holds a space")
    const { manifest } = await compiled(files('flags: {require_resource_names_without_spaces: false}'))
    expect(manifest.warnings.map(({ message }) => message)).toEqual([
      "the name of model 'my model' holds a space",
    ])
  })
})

describe('YAML about a macro that is not there', () => {
  it('is worth a warning', async () => {
    const { manifest } = await compiled({
      'dbt_project.yml': 'name: demo\n',
      'macros/known.sql': '{% macro known() %}{% endmacro %}',
      'macros/y.yml': 'macros: [{name: knowns, description: x}, {name: known, description: y}]',
    })
    expect(manifest.warnings.map(({ message, hint }) => [message, hint])).toEqual([
      ["there is no macro 'knowns' to describe", "did you mean 'known'?"],
    ])
  })
})
