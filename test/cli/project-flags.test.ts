import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/run-command-line.ts'
import { withProject } from '../project/temp-project.ts'
import { fakeSurroundings } from './fake-surroundings.ts'

/** What a command line says and leaves behind in a project with the flags. */
function run(flags: string, argv: readonly string[], environment: Record<string, string> = {}) {
  const files = {
    'project.yml': `name: demo\nflags: ${flags}\nmodels: {demo: {gone: {+tags: [x]}}}\n`,
    'models/m.sql': 'select 1 as id',
    'models/y.yml': 'models: [{name: m, columns: [{name: id, data_tests: [unique]}]}]',
    'tests/both.sql': "select * from {{ ref('m') }} join {{ ref('other') }} using (id)",
    'models/other.sql': 'select 1 as id',
  }
  return withProject(files, async (root) => {
    const surroundings = fakeSurroundings({ workingDirectory: root, environment })
    const code = await runCommandLine([...argv], surroundings)
    const paths = ['out/manifest.json', 'target/manifest.json', 'notes', 'logs']
    const left = paths.filter((path) => existsSync(join(root, path)))
    return { code, ...surroundings.written, left }
  })
}

const inline = (text: string, ...more: string[]) => ['compile', '--inline', text, '-q', ...more]
const warning = 'models.demo.gone configures nothing'

describe('flags of the project', () => {
  it('count as those of the command line, which win over them, as the environment does', async () => {
    expect((await run('{}', ['parse'])).err).toContain(warning)
    expect(await run('{warn_error: true}', ['parse'])).toMatchObject({ code: 2 })
    expect(await run('{warn_error: true}', ['parse', '--no-warn-error'])).toMatchObject({ code: 0 })
    expect(await run('{warn_error: true}', ['parse'], { DBT_WARN_ERROR: 'false' })).toMatchObject({ code: 0 })
    expect(await run('{warn_error: false}', ['parse', '--warn-error'])).toMatchObject({ code: 2 })
  })

  it('name warnings as the flag for that does', async () => {
    const silenced = await run('{warn_error_options: {silence: [config-unused]}}', ['parse'])
    expect(silenced).toMatchObject({ code: 0, err: expect.not.stringContaining(warning) })
    expect(await run('{warn_error_options: {error: [config-unused]}}', ['parse'])).toMatchObject({ code: 2 })
    expect(await run('{warn_error_options: {erorr: all}}', ['parse'])).toMatchObject({
      code: 2,
      err: expect.stringContaining("does not know 'erorr'"),
    })
  })

  it('say how much is told, and how', async () => {
    expect((await run('{}', ['parse'])).err).toContain('nodes in')
    expect((await run('{quiet: true}', ['parse'])).err).not.toContain('nodes in')
    expect((await run('{log_level: none}', ['parse'])).err).not.toContain('nodes in')
    expect((await run('{quiet: true}', ['parse', '--no-quiet'])).err).toContain('nodes in')
    const lines = (await run('{log_format: json}', ['parse'])).err.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).info.name)).toContain('Note')
    expect((await run('{use_colors: true}', ['parse'])).err).toContain('\u001B[')
    expect((await run('{use_colors: true}', ['parse', '--no-use-colors'])).err).not.toContain('\u001B[')
  })

  it('say where and whether artifacts and logs are written', async () => {
    const moved = await run('{target_path: out, log_path: notes}', ['parse'])
    expect(moved.left).toEqual(['out/manifest.json', 'notes'])
    expect((await run('{write_json: false}', ['parse'])).left).toEqual(['logs'])
    const written = await run('{write_json: false}', ['parse', '--write-json'])
    expect(written.left).toEqual(['target/manifest.json', 'logs'])
  })

  it('say which tests come along', async () => {
    const listed = async (mode: string) =>
      (await run(`{indirect_selection: ${mode}}`, ['ls', '-s', 'm'])).out.trim().split('\n').sort()
    expect(await listed('eager')).toEqual(['demo.both', 'demo.m', 'demo.unique_m_id'])
    expect(await listed('cautious')).toEqual(['demo.m', 'demo.unique_m_id'])
    expect(await listed('empty')).toEqual(['demo.m'])
  })

  it('are seen by templates, those for changed behaviour too', async () => {
    const text = '{{ flags.FAIL_FAST }} {{ flags.STORE_FAILURES }} {{ flags.STATE_MODIFIED_COMPARE_VARS }}'
    const flags = '{fail_fast: true, store_failures: true, state_modified_compare_vars: true}'
    expect((await run(flags, inline(text))).out.trim()).toBe('True True True')
    expect((await run('{}', inline(text))).out.trim()).toBe('False False False')
  })

  it('stand below config: of profiles.yml in older projects of dbt, and count where the project has none', async () => {
    const profile =
      'demo: {target: t, outputs: {t: {type: postgres, host: h, user: u, dbname: d, schema: s}}}'
    const files = {
      'profiles.yml': `config: {warn_error: true}\n${profile}\n`,
      'models/m.sql': 'select 1 as id',
    }
    const codeOf = (project: string, config = files['profiles.yml']) => {
      const own = { 'dbt_project.yml': `name: demo\nprofile: demo\nmodels: {gone: {+tags: [x]}}\n${project}` }
      return withProject({ ...files, ...own, 'profiles.yml': config }, (root) =>
        runCommandLine(['parse'], fakeSurroundings({ workingDirectory: root })),
      )
    }
    expect(await codeOf('')).toBe(2)
    expect(await codeOf('', profile)).toBe(0)
    expect(await codeOf('flags: {}', `config: {warn_error: false}\n${profile}`)).toBe(0)
    expect(await codeOf('flags: {warn_error: false}', `config: {}\n${profile}`)).toBe(0)
  })

  it('cannot stand in both places', async () => {
    const files = {
      'dbt_project.yml': "name: demo\nversion: '1.0'\nprofile: demo\nflags: {fail_fast: true}\n",
      'profiles.yml':
        'config: {warn_error: true}\ndemo: {target: t, outputs: {t: {type: postgres, host: h, user: u, dbname: d, schema: s}}}\n',
    }
    const [code, err] = await withProject(files, async (root) => {
      const surroundings = fakeSurroundings({ workingDirectory: root })
      return [await runCommandLine(['parse'], surroundings), surroundings.written.err]
    })
    expect(code).toBe(2)
    expect(err).toContain("there are flags of the project, and others below 'config' in ")
  })

  it('keep the version of dbt to themselves that a project asks for', async () => {
    const asked = '{}\nrequire-dbt-version: ">=9.0.0"\n'
    expect((await run(asked, ['parse'])).err).toContain('asks for dbt >=9.0.0')
    expect((await run(asked, ['parse', '--no-version-check'])).err).not.toContain('asks for dbt')
    const off = '{version_check: false}\nrequire-dbt-version: ">=9.0.0"\n'
    expect((await run(off, ['parse'])).err).not.toContain('asks for dbt')
  })

  it('may all be those of dbt; of any other a warning says so', async () => {
    const harmless =
      '{printer_width: 80, populate_cache: false, static_parser: false, partial_parse: false, cache_selected_only: true, send_anonymous_usage_stats: false, use_experimental_parser: true, validate_macro_args: true, require_nested_cumulative_type_params: false}'
    expect((await run(harmless, ['parse'])).err).not.toContain('unknown key')
    const { err } = await run('{fail_fats: true}', ['parse'])
    expect(err).toContain("unknown key 'fail_fats' in 'flags'")
    expect(err).toContain("did you mean 'fail_fast'?")
    expect(await run('{fail_fast: perhaps}', ['parse'])).toMatchObject({
      code: 2,
      err: expect.stringContaining("'fail_fast' must be true or false, not the text 'perhaps'"),
    })
    expect(await run('{indirect_selection: greedy}', ['ls'])).toMatchObject({
      code: 2,
      err: expect.stringContaining("'indirect_selection' must be"),
    })
  })
})
