import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { formatProblem, ProblemError } from '../../src/core/problem.ts'
import { findProjectRoot } from '../../src/project/find-project-root.ts'
import { readProject } from '../../src/project/read-project.ts'
import { problemsOf, projectOf, withProject } from './temp-project.ts'

const projects = fileURLToPath(new URL('../projects', import.meta.url))

async function thrownBy(work: () => unknown): Promise<string[]> {
  try {
    await work()
  } catch (error) {
    if (error instanceof ProblemError) return error.problems.map(formatProblem)
    throw error
  }
  return []
}

describe('readProject', () => {
  it('sorts the files into models, macros, tests and seeds', async () => {
    const project = await projectOf({
      'models/b.sql': 'select 2',
      'models/staging/a.sql': '\ufeffselect 1',
      'models/readme.md': '# not read',
      'models/.hidden/c.sql': 'select 3',
      'macros/m.sql': '{% macro m() %}{% endmacro %}',
      'tests/one.sql': 'select 1',
      'tests/generic/is_even.sql': '{% test is_even(model) %}{% endtest %}',
      'seeds/countries.csv': 'code\nde\n',
      'models/m.yaml': 'models: [{name: b}]',
    })
    expect(project.models).toEqual([
      { path: 'models/b.sql', package: 'demo', packagePath: 'models/b.sql', text: 'select 2' },
      {
        path: 'models/staging/a.sql',
        package: 'demo',
        packagePath: 'models/staging/a.sql',
        text: 'select 1',
      },
    ])
    expect(project.macros.map(({ path }) => path)).toEqual(['macros/m.sql', 'tests/generic/is_even.sql'])
    expect(project.tests.map(({ path }) => path)).toEqual(['tests/one.sql'])
    expect(project.seeds).toEqual([
      {
        path: 'seeds/countries.csv',
        package: 'demo',
        packagePath: 'seeds/countries.csv',
        absolutePath: join(project.root, 'seeds/countries.csv'),
        name: 'countries',
        // sha256sum of the file
        checksum: '10bf94aa50f9d4436a5cba8995790acaa126687817d44db68b995d7811b95086',
      },
    ])
    expect(project.yamlFiles.map(({ path }) => path)).toEqual(['project.yml', 'models/m.yaml'])
    expect(project.patches.map(({ name }) => name)).toEqual(['b'])
  })

  it('takes what lies in a folder of tests for a test, also inside the models', async () => {
    const files = {
      'project.yml': 'name: a\ntest-paths: [models/tests]\n',
      'models/a.sql': 'select 1',
      'models/tests/none_is_negative.sql': 'select 1 where false',
      'models/tests/tests.yml': 'data_tests: [{name: none_is_negative, description: Checks.}]',
    }
    await withProject(files, async (root) => {
      const project = await readProject(root)
      expect(project.models.map(({ path }) => path)).toEqual(['models/a.sql'])
      expect(project.tests.map(({ path }) => path)).toEqual(['models/tests/none_is_negative.sql'])
      expect(project.patches.map(({ resource, name }) => [resource, name])).toEqual([
        ['test', 'none_is_negative'],
      ])
    })
  })

  it('reads folders that overlap once, and a folder behind a link without going round', async () => {
    await withProject(
      {
        'project.yml': 'name: a\nmodel-paths: [models, models/staging]\n',
        'models/staging/a.sql': 'select 1',
      },
      async (root) => {
        mkdirSync(join(root, 'elsewhere'))
        writeFileSync(join(root, 'elsewhere/b.sql'), 'select 2')
        symlinkSync(join(root, 'elsewhere'), join(root, 'models/linked'))
        symlinkSync(join(root, 'models'), join(root, 'models/round'))
        const { models } = await readProject(root)
        expect(models.map(({ path }) => path)).toContain('models/staging/a.sql')
        expect(models.map(({ path }) => path)).toContain('models/linked/b.sql')
        expect(new Set(models.map(({ path }) => path)).size).toBe(models.length)
        expect(models.length).toBeLessThan(6)
      },
    )
  })

  it('explains every kind of broken YAML', async () => {
    const expected = readFileSync(join(projects, 'broken-yaml/expected.txt'), 'utf8')
    const problems = await thrownBy(() => readProject(join(projects, 'broken-yaml')))
    expect(`${problems.join('\n')}\n`).toBe(expected)
  })

  it('points at the byte that is not UTF-8', async () => {
    const latin1 = Buffer.concat([Buffer.from('select 1\nas caf'), Buffer.from([0xe9]), Buffer.from(' x')])
    const [problem] = await problemsOf({ 'models/a.sql': latin1 })
    expect(problem).toMatch(/^models\/a.sql:2:7 {2}the file is not UTF-8 text {3}\[file-unreadable\]/)
    expect(problem).toContain('save it in the encoding UTF-8')
  })

  it('says when a folder stands where a file is expected, and the other way round', async () => {
    expect(await problemsOf({ 'project.yml/x': '' })).toEqual([
      'project.yml cannot be read: it is a folder   [file-unreadable]',
    ])
    expect(await problemsOf({ models: 'not a folder' })).toEqual([
      'models is a file, but a folder is expected there   [file-unreadable]',
    ])
  })

  it('reports the problems of all files together', async () => {
    const problems = await problemsOf({
      'models/a.yml': 'model: []\n',
      'models/b.yml': 'models: {}\n',
      'pipelines/c.yml': 'load: []\n',
    })
    expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
      "models/a.yml:1:1  unknown key 'model'   [yaml-unknown-key]",
      "models/b.yml:1:9  'models' must be a list, not a mapping   [yaml-invalid]",
      "pipelines/c.yml:1:1  'loads' is missing   [yaml-invalid]",
      "pipelines/c.yml:1:1  unknown key 'load'   [yaml-unknown-key]",
    ])
  })

  it('says what is missing in a folder without a project', async () => {
    const [problem] = await thrownBy(() => readProject('/'))
    expect(problem).toContain('no project.yml or dbt_project.yml in /   [project-missing]')
    expect(problem).toContain('--project-dir')
  })
})

describe('findProjectRoot', () => {
  it('looks upward', async () => {
    await withProject({ 'models/staging/a.sql': '' }, async (root) => {
      expect(findProjectRoot(join(root, 'models/staging'))).toBe(root)
      expect(findProjectRoot(root)).toBe(root)
    })
  })

  it('says where it looked', async () => {
    expect((await thrownBy(() => findProjectRoot('/')))[0]).toContain('project-missing')
  })
})
