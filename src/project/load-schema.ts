import { z } from 'zod'
import { anyName, description, nameText, optionalMapping, textList } from './schema-pieces.ts'
import { streamKeys } from './stream-schema.ts'

/*
 * pipelines/*.yml: the loads that fill tables.
 */

const column = { name: nameText, type: z.string().min(1), description }

const table = { name: nameText, schema: nameText, description, primary_key: textList }

const tableSchema = z.strictObject({ ...table, columns: z.array(z.strictObject(column)).min(1) })

const params = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .nullish()
  .transform((value) => value ?? {})

const base = {
  name: nameText,
  description,
  params,
  tables: z.array(tableSchema).min(1),
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
}

const generatorSchema = z.strictObject({ kind: z.literal('generator'), ...base, module: anyName })

const byte = z.string().regex(/^[\x20-\x7e\t]$/, 'must be one character')

/** The short form for one file whose columns come in the order of the table's. */
const csvSchema = z.strictObject({
  kind: z.literal('csv'),
  ...base,
  file: anyName,
  delimiter: byte.default(','),
  header: z.boolean().default(true),
  null_text: z.string().default(''),
})

const filesTableSchema = z.strictObject({
  ...table,
  columns: z
    .array(
      z.strictObject({
        ...column,
        from: z.union([anyName, z.array(anyName)]).optional(),
        partition: anyName.optional(),
        format: anyName.optional(),
      }),
    )
    .min(1),
})

const badRowLimit = z.union([
  z.int().min(0),
  z.string().regex(/^\d+(\.\d+)?\s*%$/, "must be a number of rows or a share, like '1%'"),
])

const s3Schema = z.strictObject({
  endpoint: anyName.optional(),
  region: anyName.optional(),
  profile: anyName.optional(),
  path_style: z.boolean().optional(),
  anonymous: z.boolean().optional(),
})

const filesSchema = z.strictObject({
  kind: z.literal('files'),
  ...base,
  tables: z.array(filesTableSchema).min(1),
  from: anyName,
  s3: s3Schema.optional(),
  format: z.enum(['csv', 'tsv', 'ndjson', 'parquet']).optional(),
  delimiter: byte.optional(),
  quote: z.union([byte, z.literal('')]).optional(),
  header: z.union([z.boolean(), z.literal('skip')]).default(true),
  null_text: z.string().default(''),
  encoding: z
    .string()
    .regex(/^[\w-]+$/, 'must be the name of an encoding')
    .default('utf8'),
  unknown_fields: z.enum(['refuse', 'ignore']).default('refuse'),
  on_bad_row: z.enum(['quarantine', 'skip', 'fail']).default('quarantine'),
  bad_row_limit: badRowLimit.nullish(),
  mode: z.enum(['replace', 'append', 'upsert']).default('replace'),
  key: textList,
  on_changed_file: z.enum(['refuse', 'load', 'ignore']).default('refuse'),
})

const postgresSchema = z.strictObject({
  kind: z.literal('postgres'),
  ...base,
  tables: z
    .array(
      z.strictObject({
        ...table,
        columns: z.array(z.strictObject({ ...column, from: anyName.optional() })).min(1),
      }),
    )
    .min(1),
  url: anyName,
  table: z
    .string()
    .regex(/^[^.]+\.[^.]+$/, "must be 'schema.name'")
    .optional(),
  query: anyName.optional(),
  mode: z.enum(['replace', 'append', 'upsert']).default('replace'),
  key: textList,
  watermark: nameText.optional(),
  lookback: z.union([anyName, z.number().positive()]).optional(),
  on_bad_row: z.enum(['quarantine', 'skip', 'fail']).default('fail'),
  bad_row_limit: badRowLimit.nullish(),
})

const streamSchema = z.strictObject({ kind: z.literal('stream'), ...base, ...streamKeys })

export const loadsSchema = z.strictObject({
  version: z.unknown().optional(),
  loads: z.array(
    z.discriminatedUnion('kind', [generatorSchema, csvSchema, filesSchema, postgresSchema, streamSchema]),
  ),
})

export type LoadTableYaml = z.infer<typeof tableSchema>
export type CsvYaml = z.infer<typeof csvSchema>
export type S3Yaml = z.infer<typeof s3Schema>
export type FilesYaml = z.infer<typeof filesSchema>
export type PostgresYaml = z.infer<typeof postgresSchema>
export type StreamYaml = z.infer<typeof streamSchema>
export type LoadYaml = z.infer<typeof generatorSchema> | CsvYaml | FilesYaml | PostgresYaml | StreamYaml
