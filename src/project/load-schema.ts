import { z } from 'zod'
import { anyName, description, nameText, optionalMapping, textList } from './schema-pieces.ts'
import { streamKeys } from './stream-schema.ts'

/*
 * pipelines/*.yml: the loads that fill tables.
 */

const tableSchema = z.strictObject({
  name: nameText,
  schema: nameText,
  description,
  primary_key: textList,
  columns: z.array(z.strictObject({ name: nameText, type: z.string().min(1), description })).min(1),
})

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

const csvSchema = z.strictObject({
  kind: z.literal('csv'),
  ...base,
  file: anyName,
  delimiter: z.string().length(1, 'must be one character').default(','),
  header: z.boolean().default(true),
  null_text: z.string().default(''),
})

const streamSchema = z.strictObject({ kind: z.literal('stream'), ...base, ...streamKeys })

export const loadsSchema = z.strictObject({
  version: z.unknown().optional(),
  loads: z.array(z.discriminatedUnion('kind', [generatorSchema, csvSchema, streamSchema])),
})

export type LoadTableYaml = z.infer<typeof tableSchema>
export type StreamYaml = z.infer<typeof streamSchema>
export type LoadYaml = z.infer<typeof generatorSchema> | z.infer<typeof csvSchema> | StreamYaml
