import { existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installPackages } from '../../src/project/install-packages.ts'
import { readProject } from '../../src/project/read-project.ts'
import { problemsOf, projectOf, withProject } from './temp-project.ts'

const tools = {
  'lib/tools/dbt_project.yml': 'name: tools\nvars: {a: 1}\nunheard_of: 1\n',
  'lib/tools/models/t.sql': 'select 1',
  'lib/tools/models/t.yml': 'models: [{name: t, odd_key: 1}]\n',
  'lib/tools/macros/m.sql': '{% macro m() %}{% endmacro %}',
}

describe('packages', () => {
  it('are read from dbt_packages/, with the place of each file in its package', async () => {
    const project = await projectOf({
      'dbt_packages/utils/dbt_project.yml': 'name: dbt_utils\nmodel-paths: [sql]\n',
      'dbt_packages/utils/sql/a.sql': 'select 1',
      'dbt_packages/not_a_package/models/b.sql': 'select 1',
      'models/a.sql': 'select 2',
    })
    expect(project.packages.map(({ name, folder }) => [name, folder])).toEqual([
      ['demo', '.'],
      ['dbt_utils', 'dbt_packages/utils'],
    ])
    expect(project.models.map(({ path, package: owner, packagePath }) => [path, owner, packagePath])).toEqual(
      [
        ['models/a.sql', 'demo', 'models/a.sql'],
        ['dbt_packages/utils/sql/a.sql', 'dbt_utils', 'sql/a.sql'],
      ],
    )
  })

  it('are read where they lie when they are local, with what these build on', async () => {
    const project = await projectOf({
      ...tools,
      'packages.yml': 'packages: [{local: lib/tools}]\n',
      'lib/tools/packages.yml': 'packages: [{local: ../more}]\n',
      'lib/more/dbt_project.yml': 'name: more\n',
    })
    expect(project.packages.map(({ name }) => name)).toEqual(['demo', 'more', 'tools'])
    expect(project.packages[2]!.config.vars).toEqual({ a: 1 })
    // What is odd in somebody else's files is not ours to mend.
    expect(project.warnings).toEqual([])
  })

  it('are missed by name', async () => {
    expect(
      await problemsOf({
        'packages.yml': `
packages:
  - {package: dbt-labs/dbt_utils, version: 1.0.0}
  - {git: "https://example.com/dbt-audit-helper.git", revision: main}
  - {local: ../nowhere}
`,
        'dbt_packages/audit_helper/dbt_project.yml': 'name: audit_helper\n',
      }),
    ).toEqual([
      expect.stringContaining('there is no dbt_project.yml in ../nowhere'),
      expect.stringContaining("package 'dbt-labs/dbt_utils' is not in dbt_packages/"),
    ])
  })

  it('may not be two of one name', async () => {
    const [problem] = await problemsOf({
      'dbt_packages/a/dbt_project.yml': 'name: same\n',
      'dbt_packages/b/dbt_project.yml': 'name: same\n',
    })
    expect(problem).toContain("two packages are called 'same': dbt_packages/a and dbt_packages/b")
  })

  it('are read from their copies where such were made, with or without the originals', async () => {
    const copy = {
      'packages.yml': 'packages: [{local: lib/tools}]\n',
      'dbt_packages/tools/dbt_project.yml': 'name: tools\nvars: {a: 2}\n',
    }
    for (const files of [{ ...tools, ...copy }, copy]) {
      const { packages } = await projectOf(files)
      expect(packages.map(({ folder }) => folder)).toEqual(['.', 'dbt_packages/tools'])
      expect(packages[1]!.config.vars).toEqual({ a: 2 })
      await withProject(files, async (root) => {
        const { config } = await readProject(root)
        expect(installPackages(root, config, [])).toEqual([
          { written: 'lib/tools', state: 'present', folder: 'dbt_packages/tools' },
        ])
      })
    }
  })

  it('are linked into their place, once', async () => {
    const files = {
      ...tools,
      'dependencies.yml': 'packages: [{local: lib/tools}, {package: x/y, version: 1}]\n',
      'project.yml': 'name: demo\npackages-install-path: packs\n',
    }
    await withProject(files, async (root) => {
      const withoutHub = { ...files, 'dependencies.yml': 'packages: [{local: lib/tools}]\n' }
      const { config } = await projectOf(withoutHub)
      const looked = installPackages(root, config, [], { isCheckOnly: true })
      expect(looked[0]).toEqual({ written: 'lib/tools', state: 'present', folder: 'lib/tools' })
      expect(existsSync(join(root, 'packs'))).toBe(false)
      expect(installPackages(root, config, [])).toEqual([
        { written: 'lib/tools', state: 'linked', folder: 'packs/tools' },
        { written: 'x/y', state: 'missing', folder: 'packs/y' },
      ])
      expect(lstatSync(join(root, 'packs/tools')).isSymbolicLink()).toBe(true)
      expect(installPackages(root, config, [])[0]).toMatchObject({ state: 'present', folder: 'packs/tools' })
    })
  })

  it('count once when they are linked as well as listed', async () => {
    await withProject({ ...tools, 'packages.yml': 'packages: [{local: lib/tools}]\n' }, async (root) => {
      installPackages(root, (await readProject(root)).config, [])
      const { packages, models } = await readProject(root)
      expect(packages.map(({ folder }) => folder)).toEqual(['.', 'dbt_packages/tools'])
      expect(models.map(({ packagePath }) => packagePath)).toEqual(['models/t.sql'])
    })
  })
})
