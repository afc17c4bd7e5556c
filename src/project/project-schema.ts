import { z } from 'zod'
import { connectionShape } from './connection-schema.ts'
import {
  anyName,
  known,
  knownKeys,
  listOf,
  mapping,
  nameText,
  optionalMapping,
  quoting,
  textList,
} from './schema-pieces.ts'

/*
 * project.yml and dbt_project.yml, as they are written. project.yml knows everything that dbt's file knows.
 */

/** Keys as older versions of dbt spelled them, with today's spelling. */
export const olderSpellings: Readonly<Record<string, string>> = {
  'source-paths': 'model-paths',
  'data-paths': 'seed-paths',
  'modules-path': 'packages-install-path',
  ...Object.fromEntries(
    ['models', 'seeds', 'snapshots', 'sources', 'exposures', 'metrics', 'tests'].map((key) => [
      `+${key}`,
      key,
    ]),
  ),
  semantic_models: 'semantic-models',
  saved_queries: 'saved-queries',
  'unit-tests': 'unit_tests',
}

const hook = z.union([z.string(), z.object({ sql: z.string(), transaction: known.optional() })])
const hooks = z
  .union([hook, z.array(hook)])
  .nullish()
  .transform((value) => (value == null ? [] : Array.isArray(value) ? value : [value]))
  .transform((list) => list.map((entry) => (typeof entry === 'string' ? entry : entry.sql)))

const paths = textList

/** Where adapter.dispatch looks for the macros of a namespace. */
const dispatchSchema = z.strictObject({ macro_namespace: anyName, search_order: z.array(anyName).min(1) })

/** What templates find under these names; a package of such a name would hide it. */
const reservedNames = new Set(
  `_sql_results adapter api column config context database env env_var exceptions execute flags fromjson fromyaml
  graph invocation_id load_agate_table load_result log model modules post_hooks pre_hooks ref render return
  run_started_at schema source sql sql_now store_result store_raw_result target this tojson toyaml
  try_or_compiler_error var write`.split(/\s+/),
)

const projectName = nameText.refine((name) => !reservedNames.has(name), {
  error: "'name' is a word that templates use themselves",
})

/** A range of versions, or several: `>=1.3.0`, `[">=1.3.0", "<2.0.0"]`, `">=1.3.0,<2.0.0"`. */
const versionRange = /^(>=|<=|>|<|=)?\s*v?\d+(\.\d+){0,2}([-+.]?[\w.+-]*)?$/

const versionRanges = z
  .union([z.string(), z.array(z.string())])
  .nullish()
  .transform((value) => [value ?? []].flat().flatMap((text) => text.split(',')))
  .transform((ranges) => ranges.map((text) => text.trim()).filter((text) => text !== ''))
  .superRefine((ranges, context) => {
    for (const text of ranges)
      if (!versionRange.test(text))
        context.addIssue({
          code: 'custom',
          message: `'${text}' is not a range of versions, such as '>=1.3.0'`,
        })
  })

/** A comment for statements: a template, or a mapping with one. Nothing or an empty text switches it off. */
const queryComment = z
  .union([
    z.string(),
    z.strictObject({
      comment: z.string().nullish(),
      append: z.boolean().nullish(),
      // For BigQuery alone.
      'job-label': known.optional(),
    }),
  ])
  .nullish()

/** What both files share. */
const dbtShape = {
  name: projectName,
  'config-version': z.literal(2).nullish(),
  'require-dbt-version': versionRanges,
  'restrict-access': z.boolean().nullish(),
  'dbt-cloud': mapping.nullish(),
  version: z
    .union([z.string(), z.number()])
    .nullish()
    .transform((value) => String(value ?? '')),
  'model-paths': paths,
  'macro-paths': paths,
  'seed-paths': paths,
  'test-paths': paths,
  'snapshot-paths': paths,
  'analysis-paths': paths,
  'function-paths': paths,
  'docs-paths': paths,
  'asset-paths': paths,
  'clean-targets': paths,
  'log-path': z.string().min(1).optional(),
  'packages-install-path': z.string().min(1).optional(),
  'target-path': z.string().min(1).optional(),
  vars: optionalMapping,
  models: optionalMapping,
  seeds: optionalMapping,
  sources: optionalMapping,
  tests: optionalMapping,
  data_tests: optionalMapping,
  snapshots: optionalMapping,
  unit_tests: optionalMapping,
  exposures: optionalMapping,
  analyses: optionalMapping,
  functions: optionalMapping,
  metrics: optionalMapping,
  'semantic-models': optionalMapping,
  'saved-queries': optionalMapping,
  profile: z.string().nullish(),
  flags: optionalMapping,
  dispatch: listOf(dispatchSchema),
  'on-run-start': hooks,
  'on-run-end': hooks,
  'query-comment': queryComment,
  quoting,
  // Nothing to act upon here: a place for YAML anchors.
  ...knownKeys('anchors'),
}

const threads = z.int().min(1).max(1000)
const port = z.union([z.int(), z.string().min(1)])

const embeddedTarget = z.strictObject({
  engine: z.literal('embedded'),
  schema: anyName.optional(),
  threads: threads.optional(),
})

const postgresTarget = z
  .strictObject({
    engine: z.literal('postgres'),
    schema: anyName.optional(),
    threads: threads.optional(),
    url: anyName.optional(),
    host: anyName.optional(),
    port: port.optional(),
    user: anyName.optional(),
    password: z.string().optional(),
    database: anyName.optional(),
    ...connectionShape,
  })
  .refine(({ url, host }) => url !== undefined || host !== undefined, {
    error: "a target of engine 'postgres' needs 'url' or 'host'",
    params: { hint: 'for example url: "{{ env_var(\'DATABASE_URL\') }}"' },
  })
  .refine(
    ({ url, host, port, user, password, database }) =>
      url === undefined || [host, port, user, password, database].every((part) => part === undefined),
    { error: "a target has either 'url' or the parts of an address, not both" },
  )

/** dbt_project.yml. */
export const dbtProjectSchema = z
  .strictObject(dbtShape)
  .refine(
    ({ tests, data_tests: dataTests }) => [tests, dataTests].some((tree) => Object.keys(tree).length === 0),
    {
      error: "'tests' and 'data_tests' are the same: write one of them",
    },
  )

/** project.yml: dbt's keys and ours. */
export const projectSchema = z.strictObject({
  ...dbtShape,
  'pipeline-paths': paths,
  'analytics-paths': paths,
  'dags-paths': paths,
  jobs: optionalMapping,
  loads: optionalMapping,
  target: anyName.optional(),
  targets: z.record(anyName, z.discriminatedUnion('engine', [embeddedTarget, postgresTarget])).nullish(),
  publish: z.enum(['run', 'node']).optional(),
  reuse: z.boolean().optional(),
  keep_publications: z.int().min(0).max(100).optional(),
  pools: z.record(anyName, z.int().min(1).max(1000)).nullish(),
  threads: threads.optional(),
})

export type ProjectYaml = z.infer<typeof projectSchema>
