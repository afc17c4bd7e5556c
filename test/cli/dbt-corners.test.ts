import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { withProject } from '../project/temp-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

/*
 * What few projects use of dbt, and then as dbt has it.
 */

const base = {
  'dbt_project.yml': "name: demo\nversion: '1.0'\nprofile: demo\n",
  'profiles.yml':
    'demo: {target: t, outputs: {t: {type: postgres, host: h, user: u, dbname: d, schema: s}}}\n',
  'models/m.sql': 'select 1 as id',
}

/** What a command line says in a project with the files. */
function run(argv: readonly string[], files: Readonly<Record<string, string>> = {}) {
  return withProject({ ...base, ...files }, async (root) => {
    const surroundings = fakeSurroundings({ workingDirectory: root })
    const code = await runCommandLine([...argv], surroundings)
    return { code, root, ...surroundings.written }
  })
}

describe('ls for who reads events', () => {
  it('prints each node as one', async () => {
    const { code, out, err } = await run(['ls', '--log-format', 'json'])
    expect(err).toBe('')
    const events = out.trim().split('\n')
    const printed = events.map((line) => JSON.parse(line)).filter(({ info }) => info.name === 'PrintEvent')
    expect(code).toBe(0)
    expect(printed.map(({ info, data }) => [info.level, info.msg, data.msg])).toEqual([
      ['info', 'demo.m', 'demo.m'],
    ])
  })
})

describe('debug --config-dir', () => {
  it('says where profiles.yml is looked for, and checks nothing', async () => {
    const { code, root, out } = await run(['debug', '--config-dir'])
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^To view your profiles\.yml file, run:/),
    })
    expect(out.trim().endsWith(` ${root}`)).toBe(true)
    const elsewhere = await run(['debug', '--config-dir', '--profiles-dir', 'conf'])
    expect(elsewhere.out.trim().endsWith(` ${join(elsewhere.root, 'conf')}`)).toBe(true)
  })
})

describe('fixtures of unit tests', () => {
  it('cannot have the same name, in whatever folder and format', async () => {
    const { code, err } = await run(['parse'], {
      'tests/fixtures/rows.csv': 'id\n1\n',
      'tests/fixtures/more/rows.sql': 'select 1 as id',
    })
    expect(code).toBe(2)
    expect(err).toContain("fixture 'rows' is there twice")
  })
})

describe('tags beside config', () => {
  const schema = (section: string, name: string) =>
    `${section}: [{name: ${name}, tags: [beside], config: {tags: [inside]}}]\n`

  it('are none for dbt, which is said', async () => {
    const files = {
      'models/m.yml': schema('models', 'm'),
      'seeds/s.csv': 'id\n1\n',
      'seeds/s.yml': schema('seeds', 's'),
    }
    expect((await run(['ls', '-s', 'tag:inside'], files)).out).toBe('demo.m\ndemo.s\n')
    const { out, err } = await run(['ls', '-s', 'tag:beside'], files)
    expect(out).toBe('')
    expect(err).toContain("models/m.yml:1:20  dbt does not read 'tags' beside 'config'")
  })

  it('are tags in a project of ours', async () => {
    const files = { 'project.yml': 'name: demo\n', 'models/m.yml': schema('models', 'm') }
    expect((await run(['ls', '-s', 'tag:beside'], files)).out).toBe('demo.m\n')
  })
})

describe('functions in an earlier state', () => {
  const files = {
    ...base,
    'functions/f.sql': 'x + 1',
    'functions/f.yml':
      'functions: [{name: f, description: One more., arguments: [{name: x, data_type: int}], returns: {data_type: int}}]\n',
  }
  const modified = (path?: keyof typeof files, from = '', to = '') =>
    withProject(files, async (root) => {
      const runs = (...argv: string[]) => {
        const surroundings = fakeSurroundings({ workingDirectory: root })
        return runCommandLine(argv, surroundings).then(() => surroundings.written.out)
      }
      await runs('parse', '--target-path', 'before')
      if (path) writeFileSync(join(root, path), files[path].replace(from, to))
      return runs('ls', '-s', 'state:modified', 'state:new', '--state', 'before')
    })

  it('are what they were until their body, arguments or type change', async () => {
    expect(await modified()).toBe('')
    expect(await modified('functions/f.yml', 'One more.', 'The next.')).toBe('')
    expect(await modified('functions/f.sql', '1', '2')).toBe('demo.f\n')
    expect(await modified('functions/f.yml', 'name: x, data_type: int', 'name: x, data_type: bigint')).toBe(
      'demo.f\n',
    )
    expect(await modified('functions/f.yml', 'returns: {data_type: int', 'returns: {data_type: bigint')).toBe(
      'demo.f\n',
    )
  })
})

describe('deps --add-package', () => {
  const tools = { 'loc/dbt_project.yml': "name: loc\nversion: '1.0'\n" }

  it('writes a local package into the list and links it', async () => {
    await withProject({ ...base, ...tools }, async (root) => {
      const surroundings = fakeSurroundings({ workingDirectory: root })
      const argv = ['deps', '--add-package', 'loc', '--source', 'local']
      expect(await runCommandLine(argv, surroundings)).toBe(0)
      expect(readFileSync(join(root, 'packages.yml'), 'utf8')).toBe('packages:\n  - local: loc\n')
      expect(surroundings.written.out).toBe('linked   loc  dbt_packages/loc\n')
    })
  })

  it('writes one that would have to be fetched, and says that it is not there', async () => {
    const files = { ...base, ...tools, 'dependencies.yml': 'packages:\n  - local: loc\n' }
    await withProject(files, async (root) => {
      const surroundings = fakeSurroundings({ workingDirectory: root })
      expect(await runCommandLine(['deps', '--add-package', 'a/b@1.0.0'], surroundings)).toBe(2)
      expect(readFileSync(join(root, 'dependencies.yml'), 'utf8')).toBe(
        'packages:\n  - local: loc\n  - package: a/b\n    version: 1.0.0\n',
      )
      expect(surroundings.written.err).toContain("package 'a/b' is not in dbt_packages/")
      expect(surroundings.written.err).toContain('nothing is fetched from the network')
    })
  })
})

describe('tags from several places', () => {
  const projectFile =
    "name: demo\nversion: '1.0'\nprofile: demo\nmodels: {+tags: [tree, both, tree]}\nsources: {+tags: [tree]}\nexposures: {+tags: [tree]}\n"
  const keysOf = async (name: string, files: Readonly<Record<string, string>>) => {
    const argv = ['ls', '-s', name, '--output', 'json', '--output-keys', 'tags config.tags']
    const { out } = await run(argv, { 'dbt_project.yml': projectFile, ...files })
    return JSON.parse(out)
  }

  it('stand in the order of tree, file and YAML, each once, and in config in that of tree, YAML and file', async () => {
    const files = {
      'models/m.sql': "{{ config(tags=['file', 'both']) }} select 1 as id",
      'models/m.yml': 'models: [{name: m, config: {tags: [yaml, both]}}]\n',
    }
    expect(await keysOf('m', files)).toEqual({
      tags: ['tree', 'both', 'file', 'yaml'],
      'config.tags': ['tree', 'both', 'tree', 'yaml', 'both', 'file', 'both'],
    })
  })

  it('stand by the alphabet where YAML alone declares, for sources without those of the tree', async () => {
    const files = {
      'models/s.yml':
        'sources: [{name: s, tags: [z, b], tables: [{name: t, config: {tags: [c, b]}}]}]\nexposures: [{name: ex, type: dashboard, owner: {name: we}, tags: [a]}]\n',
    }
    expect(await keysOf('source:s.t', files)).toEqual({
      tags: ['b', 'c', 'z'],
      'config.tags': ['b', 'c', 'z'],
    })
    expect(await keysOf('exposure:ex', files)).toEqual({ tags: ['a', 'tree'], 'config.tags': ['a', 'tree'] })
  })
})

describe('macros in the place of those that are not called here', () => {
  const macro = (name: string) => `{% macro ${name}() %}{% endmacro %}`

  it('are told, with the reason', async () => {
    const { code, err } = await run(['parse'], {
      'macros/own.sql': ['postgres__make_backup_relation', 'get_fixture_sql', 'own_get_catalog']
        .map(macro)
        .join('\n'),
      'macros/unit.sql': "{% materialization unit, adapter='postgres' %}{% endmaterialization %}",
    })
    expect(code).toBe(0)
    expect(err.match(/^macros\/.*does not call it: .*$/gm)).toEqual([
      expect.stringMatching(
        /^macros\/own\.sql:1:1 .*'postgres__make_backup_relation' .*builds are put in place without it/,
      ),
      expect.stringMatching(/^macros\/own\.sql:2:1 .*'get_fixture_sql' .*the rows of unit tests/),
      expect.stringMatching(
        /^macros\/unit\.sql:1:1 .*'materialization_unit_postgres' .*the rows of unit tests/,
      ),
    ])
  })

  it('are no matter in a package to which nothing is dispatched', async () => {
    const { err } = await run(['parse'], {
      'dbt_packages/got/dbt_project.yml': 'name: got\n',
      'dbt_packages/got/macros/own.sql': macro('postgres__make_backup_relation'),
    })
    expect(err).not.toContain('does not call it')
  })
})
