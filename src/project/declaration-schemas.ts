import { z } from 'zod'
import {
  anyName,
  known,
  knownKeys,
  mapping,
  optionalMapping,
  textList,
  writtenDescription,
} from './schema-pieces.ts'

/*
 * What YAML declares and nothing else defines: groups, unit tests, and what a semantic layer reads.
 */

/** Who answers for something. */
export const owner = z
  .looseObject({
    name: z.string().nullish(),
    email: z.union([z.string(), z.array(z.string())]).nullish(),
  })
  .refine(({ name, email }) => name != null || email != null, {
    error: "'owner' must have a name or an email",
  })

export const groupSchema = z.strictObject({
  name: anyName,
  description: writtenDescription,
  owner,
  config: optionalMapping,
  ...knownKeys('meta'),
})

const fixtureShape = {
  format: z.enum(['dict', 'csv', 'sql']).nullish(),
  rows: z.union([z.string(), z.array(mapping)]).nullish(),
  fixture: z.string().nullish(),
}

const versionList = z.array(z.union([z.number(), z.string()])).nullish()

export const unitTestSchema = z.strictObject({
  name: anyName,
  model: anyName,
  description: writtenDescription,
  given: z
    .array(z.strictObject({ input: anyName, ...fixtureShape }))
    .nullish()
    .transform((given) => given ?? []),
  expect: z.strictObject(fixtureShape),
  overrides: z
    .strictObject({ macros: optionalMapping, vars: optionalMapping, env_vars: optionalMapping })
    .nullish(),
  versions: z
    .strictObject({ include: versionList, exclude: versionList })
    .refine(({ include, exclude }) => include == null || exclude == null, {
      error: "'versions' has either 'include' or 'exclude', not both",
    })
    .nullish(),
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
  ...knownKeys('enabled'),
})

/** A metric, semantic model or saved query: the semantic layer that reads it knows its keys, we do not. */
export const semanticSchema = z.looseObject({
  name: anyName,
  description: writtenDescription,
  label: z.string().nullish(),
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
  model: known.optional(),
})

export type GroupYaml = z.infer<typeof groupSchema>
export type UnitTestYaml = z.infer<typeof unitTestSchema>
export type SemanticYaml = z.infer<typeof semanticSchema>
