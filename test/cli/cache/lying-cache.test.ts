import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { type Outcome, outcomeOf, reasonsToCompileAnew } from './outcome.ts'

/*
 * The ways in which something that was kept could be taken for what it no longer is. In each, a command that may go
 * on from what an earlier one has kept has to say and write what one does that compiles everything.
 */

const base: Readonly<Record<string, string>> = {
  'dbt_project.yml': `name: shop
version: '1.0'
profile: shop
flags: { require_ref_searches_node_package_before_root: false }
vars: { half: 2 }
models: { shop: { +meta: { tier: 1 } } }
on-run-end: "select count(*) from {{ ref('plain') }}"
`,
  'profiles.yml': `shop:
  target: dev
  outputs:
    dev: { type: postgres, host: localhost, port: 5432, user: shop, password: "{{ env_var('SHOP_PASSWORD', 'x') }}", dbname: shop, schema: "{{ env_var('SHOP_SCHEMA', 'dev') }}", threads: 1 }
    prod: { type: postgres, host: localhost, port: 5432, user: shop, password: x, dbname: shop, schema: prod, threads: 1 }
other:
  target: dev
  outputs:
    dev: { type: postgres, host: localhost, port: 5432, user: shop, password: x, dbname: shop, schema: dev, threads: 1 }
`,
  'packages.yml': 'packages: [{ local: tools }]\n',
  'tools/dbt_project.yml': "name: tools\nversion: '1.0'\n",
  'tools/macros/tools.sql': '{% macro tool() %}1{% endmacro %}\n',
  'tools/models/common.sql': "{{ config(alias='common_tool') }}select 'of tools' as whose\n",
  'tools/models/reads_common.sql': "select * from {{ ref('common') }}\n",
  'models/common.sql': "select 'of shop' as whose\n",
  'models/plain.sql': 'select 1 as id\n',
  'models/second.sql': "select id, {{ word() }} as word from {{ ref('plain') }}\n",
  'models/vars.sql':
    "{{ config(alias='of_' ~ var('half')) }}select 7 / {{ var('half') }} as x, {{ config.get('meta')['tier'] }} as tier\n",
  'models/env.sql': "select '{{ env_var('SHOP_COLOUR', 'none') }}' as colour\n",
  'models/where.sql': "select '{{ target.name }} {{ target.profile_name }} {{ target.schema }}' as stands\n",
  'models/metadata.sql': "select '{{ dbt_metadata_envs }}' as envs\n",
  'models/time.sql': "select '{{ run_started_at.year }}' as year\n",
  'models/timed_config.sql': "{{ config(alias='year_' ~ run_started_at.year) }}select 1 as id\n",
  'models/sees_all.sql': `{{ config(tags=[]) }}
select {{ graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | map(attribute='raw_code') | join | length }} as size\n`,
  'models/schema.yml': `models:
  - name: plain
    description: "{{ doc('plain') }}"
    config: { meta: { weight: 1 } }
    columns:
      - name: id
        data_tests:
          - unique
          - at_most: { arguments: { most: 1 } }
  - name: second
    description: Second.
`,
  'models/other.yml': 'models:\n  - name: common\n    description: Ours.\n',
  'models/docs.md': '{% docs plain %}A plain model.{% enddocs %}\n',
  'macros/word.sql': "{% macro word() %}'word'{% endmacro %}\n",
  'macros/tests.sql':
    '{% test at_most(model, column_name, most) %}select * from {{ model }} where {{ column_name }} > {{ most }}{% endtest %}\n',
  'seeds/colours.csv': 'id,name\n1,red\n2,blue\n',
  'snapshots/kept.sql': `{% snapshot kept %}{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='kept') }}
select * from {{ ref('plain') }}{% endsnapshot %}
`,
  'tests/no_zero.sql': "select * from {{ ref('plain') }} where id = 0\n",
  'selectors.yml': 'selectors:\n  - name: one\n    definition: plain\n',
}

/** A function of the database and what calls it. */
const called: Readonly<Record<string, string>> = {
  'functions/twice.sql': '2 * x',
  'functions/twice.yml':
    'functions: [{ name: twice, description: Twice., arguments: [{ name: x, data_type: int }], returns: { data_type: int } }]\n',
  'models/calls.sql': "select {{ function('twice') }}(id) as twice from {{ ref('plain') }}\n",
}

/** What a command is given besides the project. */
interface Given {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly clock?: () => Date
}

interface Case {
  readonly name: string
  /** Files of the project besides those that all have. */
  readonly files?: Readonly<Record<string, string>>
  readonly before?: Given
  readonly edit?: (folder: string) => void
  readonly after?: Given
  /** Nothing else has to be compiled than what has changed. */
  readonly goesOn?: true
  /** The outcome is the same as before. */
  readonly isSame?: true
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}, 120_000)

function openProject(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'estimand-lying-'))
  folders.push(folder)
  for (const [path, text] of Object.entries({ ...base, ...files })) write(folder, path, text)
  return folder
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const put = (path: string, text: string) => (folder: string) => write(folder, path, text)
const replace = (path: string, from: string, to: string) => (folder: string) => {
  const text = readFileSync(join(folder, path), 'utf8')
  if (!text.includes(from)) throw new Error(`${path} has no ${from}`)
  write(folder, path, text.replace(from, to))
}
const move = (from: string, to: string) => (folder: string) => {
  mkdirSync(dirname(join(folder, to)), { recursive: true })
  renameSync(join(folder, from), join(folder, to))
}
const remove = (path: string) => (folder: string) => rmSync(join(folder, path))
const all =
  (...edits: readonly ((folder: string) => void)[]) =>
  (folder: string) => {
    for (const edit of edits) edit(folder)
  }

/** Writes another text of the same length with the times that the file had. */
const disguised = (path: string, from: string, to: string) => (folder: string) => {
  const { atime, mtime } = statSync(join(folder, path))
  expect(to).toHaveLength(from.length)
  replace(path, from, to)(folder)
  utimesSync(join(folder, path), atime, mtime)
}

const vars = (text: string): Given => ({ args: ['--vars', text] })
const cacheFiles = [
  'partial_parse.bin',
  'partial_manifest.bin',
  'partial_compile.bin',
  'partial_compiled.bin',
] as const
const ofCache = (edit: (path: string) => void) => (folder: string) => {
  for (const path of cacheFiles.map((name) => join(folder, 'target-warm', name)))
    if (existsSync(path)) edit(path)
}
function replaceByFolder(path: string): void {
  rmSync(path)
  mkdirSync(path)
}
function flipByte(path: string, at: (size: number) => number): void {
  const bytes = readFileSync(path)
  const index = at(bytes.length)
  bytes[index] = bytes[index]! ^ 1
  writeFileSync(path, bytes)
}

const searchFlag = (value: boolean): Readonly<Record<string, string>> => ({
  'dbt_project.yml': base['dbt_project.yml']!.replace('root: false', `root: ${value}`),
})

const cases: readonly Case[] = [
  { name: 'nothing has changed', goesOn: true, isSame: true },
  { name: 'the SQL of a model', edit: put('models/plain.sql', 'select 2 as id\n'), goesOn: true },
  { name: '1 and 1.0 in --vars', before: vars('{half: 2}'), after: vars('{half: 2.0}') },
  { name: '1.0 and 1 in --vars', before: vars('{half: 2.0}'), after: vars('{half: 2}') },
  { name: '1 and "1" in --vars', before: vars('{half: 2}'), after: vars('{half: "2"}') },
  { name: '0 and -0 in --vars', before: vars('{half: 0.0}'), after: vars('{half: -0.0}') },
  { name: 'null in --vars', before: vars('{half: 1, more: null}'), after: vars('{half: 1}') },
  {
    name: 'a large number in --vars',
    before: vars('{half: 9007199254740993}'),
    after: vars('{half: 9007199254740992}'),
  },
  { name: 'the order of --vars', before: vars('{half: 1, a: 1}'), after: vars('{a: 1, half: 1}') },
  { name: 'other vars for the same', before: vars('{half: 2}'), after: {} },
  ...[
    ['weight: 1 ', 'weight: 1.0 '],
    ['weight: 1 ', 'weight: -0.0 '],
    ['weight: 1 ', 'weight: .inf '],
    ['weight: 1 ', 'weight: "1" '],
    ['weight: 1 ', 'weight: true '],
    ['weight: 1 ', 'weight: 9007199254740993 '],
    ['weight: 1 ', 'weight: ~ '],
    ['weight: 1 ', '__proto__: { a: 1 }, weight: 1 '],
    ['most: 1 ', 'most: 1.0 '],
    ['most: 1 ', 'most: 01 '],
    ['most: 1 ', 'most: 1e0 '],
  ].flatMap(([from, to]): Case[] => {
    const path = 'models/schema.yml'
    const other = { [path]: base[path]!.replace(from!, to!) }
    return [
      { name: `${from}becomes ${to}`, edit: replace(path, from!, to!) },
      { name: `${to}becomes ${from}`, files: other, edit: replace(path, to!, from!) },
      {
        name: `${to}stays where another thing changes`,
        files: other,
        edit: all(replace(path, 'Second.', 'Second one.'), put('models/plain.sql', 'select 3 as id\n')),
      },
    ]
  }),
  {
    name: '1 and 1.0 in a config of SQL',
    files: {
      'models/configured.sql': "{{ config(meta={'a': 1}) }}select {{ config.get('meta')['a'] }} as a\n",
    },
    edit: replace('models/configured.sql', "'a': 1}", "'a': 1.0}"),
  },
  {
    name: '1.0 in the config of another, which has not changed',
    files: {
      'models/configured.sql': '{{ config(meta={"x": 1.0}) }}select 1 as a\n',
      'models/reader.sql':
        "{% set found = graph.nodes['model.shop.configured'] %}select {{ found.config.meta.x if found else 0 }} as b\n",
    },
    edit: replace('models/reader.sql', 'as b', 'as c'),
  },
  {
    name: '1 and 1.0 in the project file',
    edit: replace('dbt_project.yml', 'half: 2', 'half: 2.0'),
  },
  { name: '1 and 1.0 in +meta', edit: replace('dbt_project.yml', 'tier: 1', 'tier: 1.0') },
  {
    name: '1.0 in the project file stays',
    files: {
      'dbt_project.yml': base['dbt_project.yml']!.replace('tier: 1', 'tier: 1.0').replace(
        'half: 2',
        'half: 2.0',
      ),
    },
    edit: replace('models/vars.sql', 'as x', 'as y'),
  },
  ...[true, false].map(
    (value): Case => ({
      name: `a ref in a package, searching there first: ${value}`,
      files: searchFlag(value),
      edit: replace('tools/models/reads_common.sql', 'select *', 'select  *'),
      goesOn: true,
    }),
  ),
  {
    name: 'where refs are searched',
    edit: replace('dbt_project.yml', 'root: false', 'root: true'),
  },
  { name: 'a variable that a model asks for', after: { env: { SHOP_COLOUR: 'red' } } },
  {
    name: 'that variable again',
    before: { env: { SHOP_COLOUR: 'red' } },
    after: { env: { SHOP_COLOUR: 'blue' } },
  },
  { name: 'that variable, empty', before: { env: { SHOP_COLOUR: '' } }, after: {} },
  {
    name: 'a variable that nothing asks for',
    after: { env: { SOMETHING: '1' } },
    goesOn: true,
    isSame: true,
  },
  {
    name: 'a variable that a changed model asks for',
    before: { env: { SHOP_SIZE: '1' } },
    edit: put('models/plain.sql', "select {{ env_var('SHOP_SIZE', '0') }} as id\n"),
    after: { env: { SHOP_SIZE: '2' } },
    goesOn: true,
  },
  { name: 'a variable of the metadata', after: { env: { DBT_ENV_CUSTOM_ENV_TEAM: 'one' } } },
  { name: 'a variable of the profile', after: { env: { SHOP_SCHEMA: 'mine' } } },
  { name: 'a password', after: { env: { SHOP_PASSWORD: 'y' } }, isSame: true },
  { name: 'the target', after: { args: ['--target', 'prod'] } },
  { name: 'the target, by a variable', after: { env: { DBT_TARGET: 'prod' } } },
  { name: 'the profile', after: { args: ['--profile', 'other'] } },
  { name: 'the profile file', edit: replace('profiles.yml', "'dev'", "'else'") },
  { name: 'the version check', after: { args: ['--no-version-check'] } },
  {
    name: 'the version check of an unfit project',
    files: { 'dbt_project.yml': `${base['dbt_project.yml']}require-dbt-version: '>=9.0.0'\n` },
    before: { args: ['--no-version-check'] },
  },
  { name: 'warnings as errors', after: { args: ['--warn-error'] } },
  {
    name: 'warnings as errors where there are some',
    edit: put('models/more.yml', 'models: [{ name: no_such_model }]\n'),
    after: { args: ['--warn-error'] },
  },
  { name: 'the same size and time', edit: disguised('models/plain.sql', '1', '2'), goesOn: true },
  { name: 'a macro of the same size and time', edit: disguised('macros/word.sql', "'word'", "'wood'") },
  { name: 'a seed of the same size and time', edit: disguised('seeds/colours.csv', 'red', 'tan') },
  { name: 'YAML of the same size and time', edit: disguised('models/schema.yml', 'Second', 'Fourth') },
  {
    name: 'a file that takes the place of another',
    edit: all(
      put('models/plain.sql.new', 'select 5 as id\n'),
      move('models/plain.sql.new', 'models/plain.sql'),
    ),
    goesOn: true,
  },
  {
    name: 'a file that was only touched',
    edit: (folder) => utimesSync(join(folder, 'models/plain.sql'), 1, 1),
    goesOn: true,
    isSame: true,
  },
  { name: 'a new model', edit: put('models/new.sql', "select * from {{ ref('second') }}\n") },
  { name: 'a model that is gone', edit: remove('models/env.sql') },
  { name: 'a model that others read is gone', edit: remove('models/plain.sql') },
  { name: 'a renamed model', edit: move('models/env.sql', 'models/surroundings.sql') },
  { name: 'a model in another folder', edit: move('models/env.sql', 'models/deep/env.sql') },
  {
    name: 'two models that have changed places',
    edit: all(
      move('models/env.sql', 'x'),
      move('models/vars.sql', 'models/env.sql'),
      move('x', 'models/vars.sql'),
    ),
  },
  { name: 'a model that another package has too', edit: put('tools/models/plain.sql', 'select 1 as id\n') },
  {
    name: 'a model becomes a link',
    edit: (folder) => {
      move('models/env.sql', 'elsewhere.sql')(folder)
      replace('elsewhere.sql', 'none', 'nothing')(folder)
      symlinkSync('../elsewhere.sql', join(folder, 'models/env.sql'))
    },
  },
  {
    name: 'what a link leads to',
    files: { 'elsewhere.txt': 'select 1 as id\n' },
    before: {},
    edit: (folder) => {
      symlinkSync('../elsewhere.txt', join(folder, 'models/linked.sql'))
      put('elsewhere.txt', 'select 2 as id\n')(folder)
    },
  },
  { name: 'a macro', edit: put('macros/word.sql', "{% macro word() %}'other'{% endmacro %}\n") },
  {
    name: 'a macro of a package',
    edit: put('tools/macros/word.sql', '{% macro default__x() %}{% endmacro %}\n'),
  },
  {
    name: 'a new macro that names schemas',
    edit: put('macros/names.sql', '{% macro generate_schema_name(name, node) %}all{% endmacro %}\n'),
  },
  { name: 'a generic test', edit: replace('macros/tests.sql', '>', '>=') },
  { name: 'a docs block', edit: replace('models/docs.md', 'plain model', 'very plain model') },
  { name: 'a docs block that is gone', edit: remove('models/docs.md') },
  { name: 'a seed', edit: appendFileSyncTo('seeds/colours.csv', '3,green\n') },
  { name: 'columns of a seed', edit: replace('seeds/colours.csv', 'name', 'label') },
  { name: 'a snapshot', edit: replace('snapshots/kept.sql', 'select *', 'select id'), goesOn: true },
  { name: 'the name of a snapshot', edit: replace('snapshots/kept.sql', 'snapshot kept', 'snapshot held') },
  {
    name: 'a second snapshot in a file',
    edit: appendFileSyncTo('snapshots/kept.sql', base['snapshots/kept.sql']!.replace('kept %', 'held %')),
  },
  { name: 'a singular test', edit: replace('tests/no_zero.sql', '0', '00'), goesOn: true },
  { name: 'a description', edit: replace('models/schema.yml', 'Second.', 'Third.'), goesOn: true },
  {
    name: 'a description that moves to another file',
    edit: all(
      replace('models/schema.yml', '  - name: second\n    description: Second.\n', ''),
      appendFileSyncTo('models/other.yml', '  - name: second\n    description: Second.\n'),
    ),
  },
  {
    name: 'a description in two files',
    edit: appendFileSyncTo('models/other.yml', '  - name: second\n    description: Again.\n'),
  },
  { name: 'a YAML file of another name', edit: move('models/other.yml', 'models/another.yml') },
  { name: 'a YAML file in another folder', edit: move('models/other.yml', 'models/deep/other.yml') },
  { name: 'a YAML file that is gone', edit: remove('models/schema.yml') },
  { name: 'an empty YAML file', edit: put('models/schema.yml', '') },
  { name: 'a test twice', edit: replace('models/schema.yml', '- unique', '- unique\n          - unique') },
  { name: 'the project file', edit: replace('dbt_project.yml', '+meta', '+tags: [x], +meta') },
  { name: 'the selectors', edit: replace('selectors.yml', 'plain', 'second') },
  { name: 'the selectors are gone', edit: remove('selectors.yml') },
  { name: 'files to ignore', edit: put('.dbtignore', 'models/env.sql\n') },
  { name: 'vars in a file', edit: put('vars.yml', 'vars: { half: 3 }\n') },
  { name: 'a package less', edit: all(put('packages.yml', 'packages: []\n')) },
  {
    name: 'a package more',
    files: { 'more/dbt_project.yml': 'name: more\n', 'more/models/m.sql': 'select 1 as id\n' },
    edit: put('packages.yml', 'packages: [{ local: tools }, { local: more }]\n'),
  },
  {
    name: 'an installed package',
    edit: all(
      put('dbt_packages/got/dbt_project.yml', 'name: got\n'),
      put('dbt_packages/got/models/g.sql', 'select 1 as id\n'),
    ),
  },
  {
    name: 'the project file of a package',
    edit: appendFileSyncTo('tools/dbt_project.yml', 'models: { +tags: [x] }\n'),
  },
  { name: 'the body of a function', files: called, edit: replace('functions/twice.sql', '2', '3') },
  {
    name: 'what a function returns',
    files: called,
    edit: replace('functions/twice.yml', 'int }', 'bigint }'),
  },
  {
    name: 'what a function is said to be',
    files: called,
    edit: replace('functions/twice.yml', 'Twice.', 'More.'),
  },
  { name: 'a function that is gone', files: called, edit: remove('functions/twice.sql') },
  {
    name: 'what calls a function',
    files: called,
    edit: replace('models/calls.sql', '(id)', '(id + 1)'),
    goesOn: true,
  },
  { name: 'the year', after: { clock: () => new Date(Date.now() + 400 * 86_400_000) } },
  {
    name: 'a date of deprecation',
    files: {
      'models/old.yml': `models: [{ name: env, deprecation_date: ${new Date(Date.now() + 86_400_000).toISOString()} }]\n`,
    },
    after: { clock: () => new Date(Date.now() + 2 * 86_400_000) },
  },
  ...[
    ['cut off', (path: string) => truncateSync(path, statSync(path).size - 100)],
    ['cut in half', (path: string) => truncateSync(path, statSync(path).size >> 1)],
    ['empty', (path: string) => writeFileSync(path, '')],
    ['zeroes', (path: string) => writeFileSync(path, Buffer.alloc(statSync(path).size))],
    ['another text', (path: string) => writeFileSync(path, 'estimand cache 1\nhello\n')],
    ['longer', (path: string) => appendFileSync(path, 'x')],
    ['a folder', replaceByFolder],
    ['other in one bit at first', (path: string) => flipByte(path, () => 3)],
    ['other in one bit in the middle', (path: string) => flipByte(path, (size) => size >> 1)],
    ['other in one bit at the end', (path: string) => flipByte(path, (size) => size - 3)],
    [
      'of another version',
      (path: string) =>
        writeFileSync(path, readFileSync(path, 'latin1').replace('cache 1', 'cache 0'), 'latin1'),
    ],
  ].map(
    ([how, edit]): Case => ({
      name: `what is kept is ${how}`,
      edit: ofCache(edit as (path: string) => void),
      isSame: true,
    }),
  ),
  {
    name: 'what is kept of another project',
    edit: (folder) => {
      const other = openProject({ 'models/plain.sql': 'select 99 as id\n' })
      for (const name of cacheFiles)
        if (existsSync(join(other, 'target-warm', name)))
          renameSync(join(other, 'target-warm', name), join(folder, 'target-warm', name))
    },
  },
  {
    name: 'a manifest that somebody has removed',
    edit: (folder) => rmSync(join(folder, 'target-warm', 'manifest.json')),
    goesOn: true,
    isSame: true,
  },
  {
    name: 'compiled SQL that somebody has edited',
    edit: (folder) =>
      existsSync(join(folder, 'target-warm/compiled')) &&
      writeFileSync(join(folder, 'target-warm/compiled/shop/models/plain.sql'), 'edited'),
    goesOn: true,
    isSame: true,
  },
  {
    name: 'a target folder that somebody has removed',
    edit: (folder) => rmSync(join(folder, 'target-warm'), { recursive: true }),
    isSame: true,
  },
]

function appendFileSyncTo(path: string, text: string) {
  return (folder: string) => appendFileSync(join(folder, path), text)
}

/** By the first clock the files have long been as they are, so that their stamps are trusted. */
const commands: readonly (readonly [command: string, clock: () => Date, trusts: boolean])[] = [
  ['parse', () => new Date(Date.now() + 60_000), true],
  ['compile', () => new Date(), false],
]

describe.each(commands)('%s goes on from what was kept:', (command, usualClock, trusts) => {
  it.each(cases)('$name', async ({ files, before = {}, edit, after = before, goesOn, isSame }) => {
    const folder = openProject(files)
    const run = ({ args = [], ...given }: Given, targetPath: string, ...more: string[]): Promise<Outcome> =>
      outcomeOf({ clock: usualClock, ...given, folder, args: [command, ...args, ...more], targetPath })
    const first = await run(before, 'target-warm')
    expect(first.code, first.err).toBe(0)
    edit?.(folder)
    rmSync(join(folder, 'logs'), { recursive: true, force: true })
    const warm = await run(after, 'target-warm')
    if (goesOn && trusts) expect(reasonsToCompileAnew(folder)).toEqual([])
    const cold = await run(after, 'target-cold', '--no-partial-parse')
    expect(told(warm, cold)).toEqual(cold)
    expect(told(await run(after, 'target-warm'), cold), 'once more').toEqual(cold)
    if (isSame) expect(cold).toEqual(told(first, cold))
  })
})

/* The manifest may be kept later than the project that it belongs to, when that has changed already. */
const unique = '          - unique\n'
const grouped = {
  'models/groups.yml': 'groups: [{ name: ours, owner: { name: We } }]\n',
  'models/schema.yml': base['models/schema.yml']!.replace('weight: 1 }', 'weight: 1 }, group: ours'),
}
const lateEdits: readonly Case[] = [
  { name: 'a test less', edit: replace('models/schema.yml', unique, '') },
  { name: 'a test more', edit: replace('models/schema.yml', unique, `${unique}          - not_null\n`) },
  { name: 'a test less in a group', files: grouped, edit: replace('models/schema.yml', unique, '') },
  { name: 'another group', files: grouped, edit: replace('models/schema.yml', ', group: ours', '') },
  { name: 'another model', edit: put('models/second.sql', 'select 2 as two\n') },
  { name: 'another parent', edit: put('models/second.sql', "select * from {{ ref('env') }}\n") },
  { name: 'a description', edit: replace('models/schema.yml', 'Second.', 'Third.') },
]

describe('a manifest that is written of a project that was kept before', () => {
  it.each(lateEdits)('$name, done and undone', async ({ files = {}, edit }) => {
    const folder = openProject(files)
    const clock = () => new Date(Date.now() + 60_000)
    const parse = (targetPath: string, ...more: string[]) =>
      outcomeOf({ folder, args: ['parse', ...more], targetPath, clock })
    const undo = () => {
      for (const [path, text] of Object.entries({ ...base, ...files })) write(folder, path, text)
    }
    await keepProjectOnly(folder, clock)
    for (const step of [() => edit!(folder), undo, () => edit!(folder)]) {
      step()
      const warm = await parse('target-warm')
      expect(warm.manifest).toEqual((await parse('target-cold', '--no-partial-parse')).manifest)
    }
  })
})

describe('compiled SQL', () => {
  it('is written where it is another', async () => {
    const folder = openProject()
    const compile = () => outcomeOf({ folder, args: ['compile'], targetPath: 'target-warm' })
    const stamps = () =>
      ['env', 'plain'].map((name) =>
        String(
          statSync(join(folder, `target-warm/compiled/shop/models/${name}.sql`), { bigint: true }).mtimeNs,
        ),
      )
    await compile()
    const [env, plain] = stamps()
    put('models/plain.sql', 'select 2 as id\n')(folder)
    await compile()
    expect(stamps()).toEqual([env, expect.not.stringMatching(plain!)])
  })
})

describe('compiled SQL that is kept', () => {
  const clock = () => new Date(Date.now() + 60_000)
  const compile = (folder: string, targetPath: string, ...args: string[]) =>
    outcomeOf({ folder, args: ['compile', ...args], targetPath, clock })

  it('is taken as it was while others are made anew', async () => {
    // So many that it is worth keeping the manifest.
    const more = Array.from({ length: 40 }, (_, index) => [`models/m${index}.sql`, 'select 1 as id\n'])
    const folder = openProject(Object.fromEntries(more))
    await compile(folder, 'target-warm')
    const stamps = () =>
      ['partial_parse.bin', 'partial_compile.bin', 'partial_compiled.bin'].map(
        (name) => statSync(join(folder, 'target-warm', name), { bigint: true }).mtimeNs,
      )
    const before = stamps()
    put('models/second.sql', "select id, 'other' as word from {{ ref('plain') }}\n")(folder)
    const warm = await compile(folder, 'target-warm')
    expect(warm.sql['shop/models/second.sql']).toContain("'other' as word")
    expect(stamps()).toEqual(before)
  })

  it('tells what columns are made from, whether they are compared with YAML, no longer, or again', async () => {
    const more = Array.from({ length: 40 }, (_, index) => [`models/m${index}.sql`, 'select 1 as id\n'])
    const described = 'models:\n  - name: made\n    columns: [{ name: a }, { name: b }]\n'
    const folder = openProject({
      ...Object.fromEntries(more),
      'models/made.sql': "select id as a, 2 as b from {{ ref('plain') }}\n",
      'models/made.yml': described,
    })
    const manifests = [(await compile(folder, 'target-warm')).manifest]
    const edits = [
      put('models/made.sql', "select 2 as a, id as b from {{ ref('plain') }}\n"),
      put('models/made.yml', 'models:\n  - name: made\n'),
      put('models/made.sql', "select id as a, id as b from {{ ref('plain') }}\n"),
      put('models/made.yml', described),
    ]
    for (const edit of edits) {
      edit(folder)
      const warm = await compile(folder, 'target-warm')
      const cold = await compile(folder, 'target-cold', '--no-partial-parse')
      expect(told(warm, cold)).toEqual(cold)
      manifests.push(warm.manifest)
    }
    const lineages = manifests.map((manifest) =>
      JSON.stringify(JSON.parse(manifest as string).nodes['model.shop.made'].meta),
    )
    expect(lineages[0]).toContain('column_lineage')
    expect(new Set(lineages).size).toBe(3)
  })

  it('is written again where somebody has touched its file', async () => {
    const folder = openProject()
    const first = await compile(folder, 'target-warm')
    const compiled = 'target-warm/compiled/shop/models'
    disguised(`${compiled}/plain.sql`, 'select 1', 'select 9')(folder)
    remove(`${compiled}/second.sql`)(folder)
    truncateSync(join(folder, compiled, 'common.sql'))
    const { sql } = await compile(folder, 'target-warm')
    expect({ ...sql, 'shop/models/time.sql': '' }).toEqual({ ...first.sql, 'shop/models/time.sql': '' })
  })

  it('is another with flags that templates see', async () => {
    const folder = openProject({
      'models/flagged.sql': 'select {{ 1 if flags.FULL_REFRESH else 2 }} as flag\n',
    })
    await compile(folder, 'target-warm')
    for (const flags of [['--full-refresh'], [], ['--full-refresh', '--select', 'flagged plain'], []]) {
      const warm = await compile(folder, 'target-warm', ...flags)
      const cold = await compile(folder, 'target-cold', ...flags, '--no-partial-parse')
      expect(warm, flags.join(' ')).toEqual(cold)
    }
  })

  it('says again what its templates say', async () => {
    const folder = openProject({
      'models/says.sql': "{% do log('here I am', info=true) %}select 1 as id\n",
      'models/prints.sql': "{% do print('so am I') %}select 1 as id\n",
      'models/reads_env.sql': "select '{{ env_var('SHOP_COLOUR', 'none') }}' as colour\n",
    })
    await compile(folder, 'target-warm')
    const warm = await compile(folder, 'target-warm')
    expect(warm).toEqual(told(await compile(folder, 'target-cold', '--no-partial-parse'), warm))
    expect(warm.out + warm.err).toContain('here I am')
    expect(warm.out + warm.err).toContain('so am I')
  })

  it('is that of what is selected', async () => {
    const folder = openProject({ 'models/star.sql': "select * from {{ ref('second') }}\n" })
    const steps = [
      () => {},
      put('models/plain.sql', 'select 1 as id, 2 as more\n'),
      put('models/second.sql', "select * from {{ ref('plain') }}\n"),
      put('models/plain.sql', 'select 1 as id, 2 as less\n'),
      replace('models/schema.yml', '          - unique\n', ''),
    ]
    for (const edit of steps) {
      edit(folder)
      for (const args of [[], ['--select', 'second'], ['--select', '+star'], []]) {
        const warm = await compile(folder, 'target-warm', ...args)
        const cold = await compile(folder, 'target-cold', ...args, '--no-partial-parse')
        expect(warm).toEqual(cold)
      }
    }
  })

  it('costs nothing where the folder cannot be written', async () => {
    const folder = openProject()
    for (const path of ['target-warm', 'target-cold']) write(folder, path, 'a file')
    const warm = await compile(folder, 'target-warm')
    const again = await compile(folder, 'target-warm')
    const cold = await compile(folder, 'target-cold', '--no-partial-parse')
    expect(warm.code).toBe(0)
    expect(again).toEqual(warm)
    expect(warm).toEqual(cold)
  })

  it('is whole when several commands write it at once', async () => {
    const folder = openProject()
    const started = ['compile', 'parse', 'compile', 'ls'].map((command) => compileBeside(folder, command))
    expect(await Promise.all(started)).toEqual([0, 0, 0, 0])
    put('models/plain.sql', 'select 2 as id\n')(folder)
    expect(await Promise.all([1, 2].map(() => compileBeside(folder, 'compile')))).toEqual([0, 0])
    const warm = await compile(folder, 'target-warm')
    expect(reasonsToCompileAnew(folder).filter((reason) => reason.startsWith('is not what'))).toEqual([])
    expect(warm).toEqual(await compile(folder, 'target-cold', '--no-partial-parse'))
    const unfinished = readdirSync(join(folder, 'target-warm')).filter((name) => name.startsWith('.'))
    expect(unfinished).toEqual([])
  })
})

/** A project in which nothing has to be found out again: the columns of all models are described. */
const many: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'dbt_project.yml',
      'profiles.yml',
      'selectors.yml',
      'models/plain.sql',
      'models/time.sql',
      'models/env.sql',
    ].map((path) => [path, base[path]!]),
  ),
  ...Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`models/m${index}.sql`, 'select 1 as id\n']),
  ),
  'models/made.sql': "select id as a, 2 as b from {{ ref('plain') }}\n",
  'models/made.yml':
    'models:\n  - name: made\n    columns: [{ name: a, data_tests: [unique, not_null] }, { name: b }]\n',
  'models/reader.sql': "select a from {{ ref('made') }}\n",
  'models/all.yml': `models:\n${[
    ['plain', 'id'],
    ['time', 'year'],
    ['env', 'colour'],
    ['reader', 'a'],
    ...Array.from({ length: 40 }, (_, index) => [`m${index}`, 'id']),
  ]
    .map(([name, column]) => `  - { name: ${name}, columns: [{ name: ${column} }] }\n`)
    .join('')}`,
}
function openMany(): string {
  const folder = mkdtempSync(join(tmpdir(), 'estimand-lying-'))
  folders.push(folder)
  writeAll(folder)
  return folder
}
function writeAll(folder: string): void {
  for (const [path, text] of Object.entries(many)) write(folder, path, text)
}
const inOne = (text: string) =>
  put('models/made.sql', `${text}select id as a, 2 as b from {{ ref('plain') }}\n`)
const configured = (config: string) =>
  replace('models/made.yml', '  - name: made\n', `  - name: made\n    config: { ${config} }\n`)

/** What may become of a model between two commands that compile everything. */
const changesOfOne: readonly { name: string; edit: (folder: string) => void; isEnough: boolean }[] = [
  { name: 'another SQL', edit: inOne('-- other\n'), isEnough: true },
  { name: 'a table', edit: configured('materialized: table'), isEnough: true },
  { name: 'an increment', edit: configured('materialized: incremental'), isEnough: false },
  { name: 'an alias', edit: configured('alias: known_as'), isEnough: false },
  { name: 'ephemeral', edit: configured('materialized: ephemeral'), isEnough: false },
  { name: 'switched off', edit: configured('enabled: false'), isEnough: false },
  {
    name: 'another parent',
    edit: put('models/made.sql', "select 1 as a, colour as b from {{ ref('env') }}\n"),
    isEnough: false,
  },
  {
    name: 'another column',
    edit: put('models/made.sql', "select id as a, id as b from {{ ref('plain') }}\n"),
    isEnough: true,
  },
  {
    name: 'a star',
    edit: put('models/made.sql', "select *, 1 as a, 2 as b from {{ ref('plain') }}\n"),
    isEnough: true,
  },
  { name: 'nothing', edit: put('models/made.sql', '{% if false %}x{% endif %}\n'), isEnough: false },
  {
    name: 'a test of another name',
    edit: replace('models/made.yml', 'unique,', '{ unique: { name: alone } },'),
    isEnough: false,
  },
  {
    name: 'a test of another severity',
    edit: replace('models/made.yml', 'unique,', '{ unique: { config: { severity: warn } } },'),
    isEnough: true,
  },
  {
    name: 'a default selection',
    edit: put('selectors.yml', 'selectors:\n  - { name: one, default: true, definition: made }\n'),
    isEnough: false,
  },
]

describe('what compiling everything came to', () => {
  const clock = () => new Date(Date.now() + 60_000)
  const compile = (folder: string, targetPath: string, ...args: string[]) =>
    outcomeOf({ folder, args: ['compile', ...args], targetPath, clock })
  const expectTheSame = async (folder: string, step: string): Promise<void> => {
    const warm = await compile(folder, 'target-warm')
    const cold = await compile(folder, 'target-cold', '--no-partial-parse')
    expect(told(warm, cold), step).toEqual(cold)
  }

  it.each(changesOfOne)('stands but for what has changed: $name', async ({ edit, isEnough }) => {
    const folder = openMany()
    await compile(folder, 'target-warm')
    edit(folder)
    await expectTheSame(folder, 'done')
    expect(timesThatChangesWereEnough(folder)).toBe(isEnough ? 1 : 0)
    writeAll(folder)
    await expectTheSame(folder, 'undone')
    edit(folder)
    await expectTheSame(folder, 'done again')
  })

  it('is kept by a command that goes on from what another has kept', async () => {
    const folder = openMany()
    await outcomeOf({ folder, args: ['parse'], targetPath: 'target-warm', clock })
    inOne('-- first\n')(folder)
    await expectTheSame(folder, 'first')
    inOne('-- second\n')(folder)
    await expectTheSame(folder, 'second')
    expect(timesThatChangesWereEnough(folder)).toBe(1)
    put('models/made.sql', many['models/made.sql']!)(folder)
    await expectTheSame(folder, 'undone')
  })

  it.each([
    ['the SQL', 'partial_compile.bin'],
    ['the manifest', 'partial_compiled.bin'],
  ])('is made anew without %s, or where that is spoilt', async (_, name) => {
    const folder = openMany()
    await compile(folder, 'target-warm')
    const path = join(folder, 'target-warm', name)
    const spoil = [
      () => rmSync(path),
      () => flipByte(path, (size) => size >> 1),
      () => truncateSync(path, statSync(path).size >> 1),
    ]
    for (const [index, spoilIt] of spoil.entries()) {
      spoilIt()
      inOne(`-- ${index}\n`)(folder)
      await expectTheSame(folder, `${name} ${index}`)
    }
  })
})

/** How many commands went on from what compiling everything came to, as the log tells. */
function timesThatChangesWereEnough(folder: string): number {
  const text = readFileSync(join(folder, 'logs', 'estimand.log'), 'utf8')
  return [...text.matchAll(/stands as it was compiled before/g)].length
}

/** Runs a command in a process of its own; gives its exit code. */
function compileBeside(folder: string, command: string): Promise<number | null> {
  const bin = fileURLToPath(new URL('../../../bin/estimand.js', import.meta.url))
  const child = spawn(process.execPath, [bin, command, '--target-path', 'target-warm'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: 'ignore',
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
}

/** A command that looks at the SQL and writes no manifest. */
async function keepProjectOnly(folder: string, clock: () => Date): Promise<void> {
  const targetPath = 'target-warm'
  const { code, err } = await outcomeOf({ folder, args: ['parse'], targetPath, clock })
  expect(code, err).toBe(0)
  for (const name of ['partial_manifest.bin', 'manifest.json']) rmSync(join(folder, targetPath, name))
}

/** The outcome without what an earlier command has left behind, as dbt leaves it too. */
function told(outcome: Outcome, { sql, manifest, results }: Outcome): Outcome {
  return {
    ...outcome,
    manifest: manifest === null ? null : outcome.manifest,
    results: results === null ? null : outcome.results,
    sql: Object.fromEntries(Object.entries(outcome.sql).filter(([path]) => path in sql)),
  }
}
