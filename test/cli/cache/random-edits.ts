import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '../../../src/stats/random/random.ts'

/*
 * What people do to a project between two commands, at random: most edits leave it sound, some break it.
 */

/** The command line and environment of a step. */
export interface Circumstances {
  /** As they are written on the command line. */
  vars: string
  env: Record<string, string>
  flags: readonly string[]
}

export interface EditedProject {
  readonly folder: string
  readonly random: Random
  readonly circumstances: Circumstances
  /** The texts that files had at first. */
  readonly originals: ReadonlyMap<string, string>
}

type Edit = (project: EditedProject) => string | null

/** The files below a folder whose names end so, as paths relative to it. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending) && !/(^|\/)(target[^/]*|\.estimand)\//.test(path))
    .sort()
}

function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : items[random.int(items.length)]
}

function modelFiles({ folder }: EditedProject): string[] {
  return filesBelow(folder, '.sql').filter((path) => /(^|\/)models\//.test(path))
}

function change(
  project: EditedProject,
  paths: readonly string[],
  edit: (text: string, path: string) => string,
): string | null {
  const path = pick(project.random, paths)
  if (path === undefined) return null
  const absolute = join(project.folder, path)
  writeFileSync(absolute, edit(readFileSync(absolute, 'utf8'), path))
  return path
}

const names = ['alpha', 'beta', 'gamma', 'orders_again', 'extra']

function someRef(project: EditedProject): string {
  const files = [...modelFiles(project), ...filesBelow(project.folder, '.csv')]
  const path = pick(project.random, files) ?? 'nothing'
  const name = path.replace(/.*\//, '').replace(/\.\w+$/, '')
  return project.random.bernoulli(0.9) ? name : `${name}_not_there`
}

/** Writes one of the whole numbers of a text in another way, most of which mean something else. */
function otherNumber(random: Random, text: string): string {
  const numbers = [...text.matchAll(/(?<![\w.'"-])\d+(?![\w.'"-])/g)]
  const found = pick(random, numbers)
  if (!found) return text
  const [digits] = found
  const other = pick(random, [`${digits}.0`, `'${digits}'`, `0${digits}`, `${digits}e0`, '-0.0'])!
  return text.slice(0, found.index) + other + text.slice(found.index + digits.length)
}

const configs = [
  "materialized='table'",
  "materialized='view'",
  "materialized='ephemeral'",
  "tags=['one', 'two']",
  'enabled=false',
  "schema='elsewhere'",
  "alias='renamed'",
  "meta={'owner': 'me'}",
  "group='finance'",
  "access='private'",
  "materialised='table'",
  "unknown_columns='error'",
  'inherit_descriptions=true',
  "post_hook='select 1 from {{ this }}'",
  "materialized='nonsense'",
]

const expressions = [
  '{{ 1 + 1 }}',
  "'{{ run_started_at }}'",
  "'{{ modules.datetime.datetime.now() }}'",
  '{{ graph.nodes | length }}',
  "'{{ env_var('SHOP_COLOUR', 'none') }}'",
  "'{{ var('anything', 'else') }}'",
  "'{{ invocation_id }}'",
  '{% if execute %}2{% else %}3{% endif %}',
  "'{{ model.depends_on.nodes | length }}'",
  '{{ no_such_macro() }}',
  '(select max(1) from (select 1 as one) as t)',
]

const edits: readonly (readonly [weight: number, name: string, edit: Edit])[] = [
  [8, 'comment', (p) => change(p, modelFiles(p), (text) => `${text}\n-- ${p.random.int(1000)}\n`)],
  [
    6,
    'column',
    (p) =>
      change(p, modelFiles(p), (text) =>
        text.replace(/select\b/, `select ${p.random.int(9)} as ${pick(p.random, names)},`),
      ),
  ],
  [
    5,
    'expression',
    (p) =>
      change(p, modelFiles(p), (text) =>
        text.replace(/select\b/, `select ${pick(p.random, expressions)} as ${pick(p.random, names)},`),
      ),
  ],
  [
    4,
    'ref',
    (p) => change(p, modelFiles(p), (text) => `${text}\n-- depends_on: {{ ref('${someRef(p)}') }}\n`),
  ],
  [
    3,
    'config',
    (p) => change(p, modelFiles(p), (text) => `{{ config(${pick(p.random, configs)}) }}\n${text}`),
  ],
  [1, 'broken SQL', (p) => change(p, modelFiles(p), (text) => `${text}\nselect from where`)],
  [1, 'broken template', (p) => change(p, modelFiles(p), (text) => `${text}\n{{ 1 + }}`)],
  [1, 'empty file', (p) => change(p, modelFiles(p), () => ' \n')],
  [
    4,
    'test or analysis',
    (p) =>
      change(
        p,
        filesBelow(p.folder, '.sql').filter((path) => /(^|\/)(tests|analyses)\//.test(path)),
        (text) => `${text}\n-- ${p.random.int(1000)} {{ ref('${someRef(p)}') }}\n`,
      ),
  ],
  [
    2,
    'snapshot',
    (p) =>
      change(
        p,
        filesBelow(p.folder, '.sql').filter((path) => /(^|\/)snapshots\//.test(path)),
        (text) => text.replace(/select\b/, `select ${p.random.int(9)} as ${pick(p.random, names)},`),
      ),
  ],
  [
    3,
    'macro',
    (p) =>
      change(
        p,
        filesBelow(p.folder, '.sql').filter((path) => /(^|\/)macros\//.test(path)),
        (text) => `${text}\n{% macro ${pick(p.random, names)}_${p.random.int(99)}() %}1{% endmacro %}\n`,
      ),
  ],
  [
    2,
    'YAML line',
    (p) => change(p, filesBelow(p.folder, '.yml'), (text) => `# ${p.random.int(1000)}\n${text}`),
  ],
  [
    4,
    'description',
    (p) =>
      change(p, filesBelow(p.folder, '.yml'), (text) =>
        text.replace(/(\n +)- name: (\w+)\n/, `$1- name: $2$1  description: number ${p.random.int(1000)}\n`),
      ),
  ],
  [
    4,
    'column test',
    (p) =>
      change(p, filesBelow(p.folder, '.yml'), (text) => {
        const test = pick(p.random, [
          'not_null',
          'unique',
          '{ accepted_values: { arguments: { values: [1] } } }',
        ])
        return text
          .replace(/data_tests: \[/, `data_tests: [${test}, `)
          .replace(/tests:\n( +)- not_null/, `tests:\n$1- unique\n$1- not_null`)
      }),
  ],
  [
    2,
    'fewer tests',
    (p) => change(p, filesBelow(p.folder, '.yml'), (text) => text.replace(/\n +- (unique|not_null)\n/, '\n')),
  ],
  [
    2,
    'described column',
    (p) =>
      change(p, filesBelow(p.folder, '.yml'), (text) =>
        text.replace(/columns:\n( +)- name: /, `columns:\n$1- name: ${pick(p.random, names)}\n$1- name: `),
      ),
  ],
  [
    2,
    'YAML config',
    (p) =>
      change(p, filesBelow(p.folder, '.yml'), (text) =>
        text.replace(
          /(\n +)- name: (stg_\w+|revenue|orders|customers)\n/,
          `$1- name: $2$1  config: { ${pick(p.random, ['tags: [x]', 'materialized: table', 'enabled: false', 'schema: other', 'meta: { a: 1 }'])} }\n`,
        ),
      ),
  ],
  [
    1,
    'described model',
    (p) =>
      change(
        p,
        filesBelow(p.folder, '.yml').filter((path) => /models\//.test(path)),
        (text) => `${text}\nmodels:\n  - name: ${someRef(p)}\n`,
      ),
  ],
  [1, 'broken YAML', (p) => change(p, filesBelow(p.folder, '.yml'), (text) => `${text}\n  - oops: [`)],
  [
    2,
    'new model',
    (p) => {
      const folder = pick(
        p.random,
        modelFiles(p).map((path) => dirname(path)),
      )
      if (folder === undefined) return null
      const path = join(folder, `${pick(p.random, names)}_${p.random.int(5)}.sql`)
      writeFileSync(join(p.folder, path), `select 1 as id from {{ ref('${someRef(p)}') }}\n`)
      return path
    },
  ],
  [
    1,
    'removed file',
    (p) => {
      const path = pick(p.random, [...modelFiles(p), ...filesBelow(p.folder, '.yml')])
      if (path === undefined || /project\.yml|profiles\.yml/.test(path)) return null
      rmSync(join(p.folder, path))
      return path
    },
  ],
  [
    1,
    'renamed file',
    (p) => {
      const path = pick(p.random, modelFiles(p))
      if (path === undefined) return null
      renameSync(join(p.folder, path), join(p.folder, path.replace(/\.sql$/, '_moved.sql')))
      return path
    },
  ],
  [
    1,
    'seed',
    (p) => change(p, filesBelow(p.folder, '.csv'), (text) => text.replace(/^(\w+)/, `$1_${p.random.int(9)}`)),
  ],
  [
    1,
    'docs',
    (p) =>
      change(
        p,
        filesBelow(p.folder, '.md'),
        (text) => `${text}\n{% docs word_${p.random.int(99)} %}A word.{% enddocs %}\n`,
      ),
  ],
  [
    1,
    'project file',
    (p) =>
      change(
        p,
        filesBelow(p.folder, 'project.yml').filter((path) => !path.includes('/')),
        (text) => text.replace(/\nmodels:\n/, `\nmodels:\n  +meta: { edited: ${p.random.int(99)} }\n`),
      ),
  ],
  [
    3,
    'touched',
    (p) => {
      const path = pick(p.random, [...modelFiles(p), ...filesBelow(p.folder, '.yml')])
      if (path === undefined) return null
      const { atime, mtime } = statSync(join(p.folder, path))
      utimesSync(join(p.folder, path), atime, new Date(mtime.getTime() + 1000 * (1 + p.random.int(9))))
      return path
    },
  ],
  [
    3,
    'same size and time',
    (p) => {
      const path = pick(p.random, modelFiles(p))
      if (path === undefined) return null
      const absolute = join(p.folder, path)
      const { atime, mtime } = statSync(absolute)
      writeFileSync(
        absolute,
        readFileSync(absolute, 'utf8').replace(/\d/, (digit) => String((Number(digit) + 1) % 10)),
      )
      utimesSync(absolute, atime, mtime)
      return path
    },
  ],
  [
    6,
    'checked out again',
    (p) => {
      const changed = [...p.originals].filter(([path, text]) => {
        const absolute = join(p.folder, path)
        return !existsSync(absolute) || readFileSync(absolute, 'utf8') !== text
      })
      for (const [path, text] of p.random.bernoulli(0.5) ? changed : changed.slice(0, 1)) {
        mkdirSync(dirname(join(p.folder, path)), { recursive: true })
        writeFileSync(join(p.folder, path), text)
      }
      return changed.map(([path]) => path).join(' ')
    },
  ],
  [
    1,
    'added line at the end',
    (p) => {
      const path = pick(p.random, modelFiles(p))
      if (path !== undefined) appendFileSync(join(p.folder, path), '\n')
      return path ?? null
    },
  ],
  [
    3,
    'number',
    (p) =>
      change(
        p,
        [...filesBelow(p.folder, '.yml'), ...modelFiles(p)].filter(
          (path) => !/project\.yml|packages\.yml/.test(path),
        ),
        (text) => otherNumber(p.random, text),
      ),
  ],
  [
    2,
    'var',
    ({ circumstances, random }) => {
      const anything = pick(random, ['0', '1', '1.0', '-0.0', '"1"', 'null', '{ a: 1.0 }', '[1, 2.0]'])
      circumstances.vars = random.bernoulli(0.3)
        ? '{}'
        : `{ with_marts: ${random.bernoulli(0.7)}, anything: ${anything} }`
      return circumstances.vars
    },
  ],
  [
    2,
    'environment',
    ({ circumstances, random }) => {
      const variables = {
        SHOP_COLOUR: `c${random.int(3)}`,
        UNUSED: `${random.int(9)}`,
        DBT_SHOP_PORT: `${5432 + random.int(2)}`,
        DBT_SHOP_PASSWORD: `p${random.int(2)}`,
        DBT_ENV_CUSTOM_ENV_TEAM: `t${random.int(2)}`,
      }
      circumstances.env = Object.fromEntries(Object.entries(variables).filter(() => random.bernoulli(0.3)))
      return JSON.stringify(circumstances.env)
    },
  ],
  [
    1,
    'flags',
    ({ circumstances, random }) => {
      circumstances.flags = pick(random, [[], ['--no-version-check'], ['--warn-error'], ['--quiet']])!
      return circumstances.flags.join(' ')
    },
  ],
  [
    1,
    'profile',
    (p) =>
      change(
        p,
        filesBelow(p.folder, 'profiles.yml').filter((path) => !path.includes('/')),
        (text) => text.replace(/schema: \w+/, `schema: analytics${p.random.int(3)}`),
      ),
  ],
]

const totalWeight = edits.reduce((sum, [weight]) => sum + weight, 0)

/** Makes one edit; says what it was. */
export function editAtRandom(project: EditedProject): string {
  let draw = project.random.int(totalWeight)
  for (const [weight, name, edit] of edits) {
    draw -= weight
    if (draw < 0) return `${name}: ${edit(project) ?? 'nothing'}`
  }
  return 'nothing'
}

/** Puts every file back as it was at first, and takes away what is new. */
export function restore({ folder, originals, circumstances }: EditedProject): void {
  for (const ending of ['.sql', '.yml', '.csv', '.md'])
    for (const path of filesBelow(folder, ending)) if (!originals.has(path)) rmSync(join(folder, path))
  for (const [path, text] of originals) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    const absolute = join(folder, path)
    if (!existsSync(absolute) || readFileSync(absolute, 'utf8') !== text) writeFileSync(absolute, text)
  }
  Object.assign(circumstances, { vars: '{}', env: {}, flags: [] })
}
