import { z } from 'zod'

/*
 * Parts that the schemas of the project's YAML files share. An absent value and an empty one (`tests:` with
 * nothing behind it) mean the same, as in dbt.
 */

/** A name that can stand in a graph id and, unquoted, in SQL. */
export const nameText = z
  .string()
  .regex(/^[A-Za-z_][\w$]*$/, 'may hold only letters, digits and underscores, and starts with no digit')

/** A name that somebody else gave: anything but nothing. */
export const anyName = z.string().min(1)

/** A description as it is written, which is how dbt has it. */
export const writtenDescription = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

/** One without the line break in which block scalars end. */
export const description = writtenDescription.transform((value) => value.trim())

export const mapping = z.record(z.string(), z.unknown())

export const optionalMapping = mapping.nullish().transform((value) => value ?? {})

/** One text or a list of texts. */
export const textList = z
  .union([z.string(), z.array(z.string())])
  .nullish()
  .transform((value) => (value == null ? [] : typeof value === 'string' ? [value] : value))

/** A list of `entry`, empty when absent. */
export function listOf<T extends z.ZodType>(entry: T) {
  return z
    .array(entry)
    .nullish()
    .transform((value) => value ?? [])
}

/** Which parts of names are written in quotes; the keys for other databases mean nothing here. */
export const quoting = z
  .strictObject({
    database: z.boolean().nullish(),
    schema: z.boolean().nullish(),
    identifier: z.boolean().nullish(),
    column: z.boolean().nullish(),
    project: z.boolean().nullish(),
    snowflake_ignore_case: z.boolean().nullish(),
  })
  .nullish()

const flagOrTemplate = z
  .union([z.boolean(), z.string().regex(/\{\{/, 'must be true, false or a template')])
  .nullish()

/** The same of a source, which may say it by templates. */
export const sourceQuoting = z
  .strictObject({
    database: flagOrTemplate,
    schema: flagOrTemplate,
    identifier: flagOrTemplate,
    column: flagOrTemplate,
    project: flagOrTemplate,
    snowflake_ignore_case: flagOrTemplate,
  })
  .nullish()

/** What dbt knows and no stage here reads yet: accepted as it is. */
export const known = z.unknown()

/** Keys of one list, all optional and unchecked. */
export function knownKeys<const K extends string>(
  ...keys: readonly K[]
): Record<K, z.ZodOptional<z.ZodUnknown>> {
  return Object.fromEntries(keys.map((key) => [key, known.optional()])) as Record<
    K,
    z.ZodOptional<z.ZodUnknown>
  >
}

/** The entries of `value` under `keys` that are set. */
export function pick(
  value: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  for (const key of keys) if (value[key] !== undefined) picked[key] = value[key]
  return picked
}
