import { z } from 'zod'
import { groupSchema, owner, semanticSchema, unitTestSchema } from './declaration-schemas.ts'
import {
  anyName,
  known,
  knownKeys,
  listOf,
  nameText,
  optionalMapping,
  sourceQuoting,
  textList,
  writtenDescription,
} from './schema-pieces.ts'

/*
 * The YAML that stands beside models, seeds, macros and tests: what is said about nodes that are defined
 * elsewhere, and sources and exposures, which are defined here.
 */

/** Keys of a model that are config wherever they stand. */
export const configKeys = ['access', 'group', 'docs'] as const

const tests = listOf(known)

/** Keys of a column that are kept as they are. */
export const extraColumnKeys = [
  'docs',
  'policy_tags',
  'granularity',
  'dimension',
  'entity',
  'classifiers',
  'column_mask',
] as const

export const columnSchema = z.strictObject({
  name: anyName,
  description: writtenDescription,
  data_type: z.string().nullish(),
  tests,
  data_tests: tests,
  tags: textList,
  meta: optionalMapping,
  config: optionalMapping,
  quote: z.boolean().nullish(),
  constraints: listOf(optionalMapping),
  ...knownKeys(...extraColumnKeys),
})

/** What every kind of patched node has. */
export const patchShape = {
  description: writtenDescription,
  columns: listOf(columnSchema),
  tests,
  data_tests: tests,
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
}

/** Keys of a model that are kept as they are. */
export const extraPatchKeys = [
  'constraints',
  'deprecation_date',
  'time_spine',
  'primary_entity',
  'agg_time_dimension',
  'semantic_model',
  'derived_semantics',
  'metrics',
  'identifier',
] as const

/** Which column of a model holds times, for a semantic layer that counts along them. */
export const timeSpineSchema = z.strictObject({
  standard_granularity_column: anyName,
  custom_granularities: listOf(z.strictObject({ name: anyName, column_name: anyName.nullish() })),
})

/** A day, or a day and a time of it. */
const date = z.string().regex(/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$/, 'must be a date, such as 2026-01-31')

const versionNumber = z.union([z.number(), z.string().min(1)])

/** Columns of a version: its own, or those of the model but for some. */
const versionColumnSchema = z.union([
  z.strictObject({ include: z.union([z.string(), z.array(z.string())]), exclude: textList }),
  columnSchema,
])

/** Keys of a version that are kept as they are. */
export const extraVersionKeys = ['constraints', 'deprecation_date', 'contract'] as const

const versionSchema = z.strictObject({
  v: versionNumber,
  defined_in: z.string().nullish(),
  description: z.string().nullish(),
  columns: z.array(versionColumnSchema).nullish(),
  tests: z.array(known).nullish(),
  data_tests: z.array(known).nullish(),
  config: optionalMapping,
  ...knownKeys(...configKeys, ...extraVersionKeys),
})

const patchSchema = z
  .strictObject({
    name: anyName,
    ...patchShape,
    versions: listOf(versionSchema),
    latest_version: versionNumber.nullish(),
    quote_columns: z.boolean().nullish(),
    ...knownKeys(...configKeys, ...extraPatchKeys),
    deprecation_date: date.nullish(),
    time_spine: timeSpineSchema.nullish(),
  })
  .superRefine(checkVersions)
  .superRefine(checkTimeSpine)

type Patched = z.infer<z.ZodObject<typeof patchShape>>

function checkVersions(
  {
    versions,
    latest_version: latest,
  }: { readonly versions: readonly { readonly v: unknown }[]; readonly latest_version?: unknown },
  context: z.RefinementCtx,
): void {
  const numbers = versions.map(({ v }) => String(v))
  const twice = numbers.findIndex((v, index) => numbers.indexOf(v) < index)
  if (twice >= 0)
    context.addIssue({
      code: 'custom',
      path: ['versions', twice],
      message: `version '${numbers[twice]}' stands there twice`,
    })
  if (latest != null && !numbers.includes(String(latest)))
    context.addIssue({
      code: 'custom',
      path: ['latest_version'],
      message:
        numbers.length === 0
          ? "'latest_version' is there, and no 'versions'"
          : `'latest_version' is ${String(latest)}, and the versions are ${numbers.join(' and ')}`,
    })
}

function checkTimeSpine(
  patch: Pick<Patched, 'columns'> & {
    readonly time_spine?: z.infer<typeof timeSpineSchema> | null | undefined
    readonly versions: readonly unknown[]
  },
  context: z.RefinementCtx,
): void {
  const { time_spine: spine, columns, versions } = patch
  // A version has columns of its own, which only whoever knows the latest one can tell.
  if (!spine || versions.length > 0) return
  const refuse = (message: string, ...path: readonly (string | number)[]): void =>
    context.addIssue({ code: 'custom', path: ['time_spine', ...path], message })
  const { standard_granularity_column: standard, custom_granularities: custom } = spine
  const column = columns.find(({ name }) => name === standard)
  if (!column)
    refuse(
      `'standard_granularity_column' is '${standard}', which is no column here`,
      'standard_granularity_column',
    )
  else if (column.granularity == null)
    refuse(
      `column '${standard}' is that of the time spine and needs a 'granularity'`,
      'standard_granularity_column',
    )
  for (const [index, { name, column_name: named }] of custom.entries())
    if (!columns.some((one) => one.name === (named ?? name)))
      refuse(
        `custom granularity '${name}' names the column '${named ?? name}', which is no column here`,
        'custom_granularities',
        index,
      )
}

/** A snapshot, which may be declared here alone: then `relation` says what it keeps the history of. */
const snapshotSchema = z.strictObject({
  name: anyName,
  ...patchShape,
  relation: z.string().nullish(),
  ...knownKeys(...configKeys, ...extraPatchKeys),
})

/** Keys of sources and their tables that are config wherever they stand; a table's overrides its source's. */
export const sourceConfigKeys = [
  'freshness',
  'loaded_at_field',
  'loaded_at_query',
  'quoting',
  'loader',
] as const

const sourceTableSchema = z.strictObject({
  name: anyName,
  identifier: anyName.nullish(),
  ...patchShape,
  ...knownKeys(...sourceConfigKeys, 'external', 'docs', 'constraints'),
  quoting: sourceQuoting,
})

const sourceSchema = z.strictObject({
  name: anyName,
  description: writtenDescription,
  overrides: z.string().nullish(),
  schema: anyName.nullish(),
  tables: listOf(sourceTableSchema),
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
  ...knownKeys(...sourceConfigKeys, 'database', 'catalog', 'tests', 'data_tests'),
  quoting: sourceQuoting,
})

const exposureSchema = z.strictObject({
  name: nameText,
  description: writtenDescription,
  type: z.enum(['dashboard', 'notebook', 'analysis', 'ml', 'application']),
  owner,
  url: z.string().nullish(),
  depends_on: textList,
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
  label: z.string().nullish(),
  maturity: z.enum(['low', 'medium', 'high']).nullish(),
  ...knownKeys('enabled'),
})

const macroSchema = z.strictObject({
  name: anyName,
  description: writtenDescription,
  arguments: listOf(
    z.strictObject({ name: anyName, type: z.string().nullish(), description: writtenDescription }),
  ),
  ...knownKeys('config', 'docs', 'meta'),
})

/** A singular test that is described in YAML. */
const testSchema = z.strictObject({
  name: anyName,
  description: writtenDescription,
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
})

const functionArgument = z.strictObject({
  name: anyName,
  data_type: anyName,
  description: z.string().nullish(),
  default_value: z.union([z.string(), z.number(), z.boolean()]).nullish(),
})

const functionReturns = z.strictObject({ data_type: anyName, description: z.string().nullish() })

/** A function of the database, whose body is a file. */
const functionSchema = z.strictObject({
  name: anyName,
  description: writtenDescription,
  arguments: listOf(functionArgument),
  returns: functionReturns,
  overloads: listOf(
    z.strictObject({
      defined_in: anyName,
      arguments: listOf(functionArgument),
      returns: functionReturns.nullish(),
      description: z.string().nullish(),
    }),
  ),
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
  ...knownKeys('access', 'columns', 'constraints', 'docs', 'group'),
})

export const propertiesSchema = z.strictObject({
  version: known.optional(),
  models: listOf(patchSchema),
  seeds: listOf(patchSchema),
  jobs: listOf(patchSchema),
  snapshots: listOf(snapshotSchema),
  analyses: listOf(patchSchema),
  sources: listOf(sourceSchema),
  exposures: listOf(exposureSchema),
  macros: listOf(macroSchema),
  data_tests: listOf(testSchema),
  tests: listOf(testSchema),
  groups: listOf(groupSchema),
  unit_tests: listOf(unitTestSchema),
  metrics: listOf(semanticSchema),
  semantic_models: listOf(semanticSchema),
  saved_queries: listOf(semanticSchema),
  functions: listOf(functionSchema),
  ...knownKeys('anchors'),
})

/** The same in a project made for dbt, to which `tests` at the top says nothing. */
export const dbtPropertiesSchema = propertiesSchema.omit({ tests: true })

export type ColumnYaml = z.infer<typeof columnSchema>
export type PatchYaml = z.infer<typeof patchSchema>
export type VersionYaml = z.infer<typeof versionSchema>
export type SnapshotYaml = z.infer<typeof snapshotSchema>
export type MacroYaml = z.infer<typeof macroSchema>
export type SourceYaml = z.infer<typeof sourceSchema>
export type SourceTableYaml = z.infer<typeof sourceTableSchema>
export type ExposureYaml = z.infer<typeof exposureSchema>
export type FunctionYaml = z.infer<typeof functionSchema>
export type SingularTestYaml = z.infer<typeof testSchema>
export type PropertiesYaml = z.infer<typeof propertiesSchema>
