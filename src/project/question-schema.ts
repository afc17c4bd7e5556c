import { z } from 'zod'
import { anyName, description, nameText } from './schema-pieces.ts'

/*
 * Parts of the YAML that questions of cause and effect have in common.
 */

export const scalar = z.union([z.string(), z.number(), z.boolean()])
export const level = z.number().gt(0).lt(1)
export const share = z.number().gt(0).lt(1)
// With fewer than 40 no refuter could fail: its p-value would never be below 0.05.
export const simulations = z.int().min(40).max(100_000)

/** A mapping that may be written as one text under its main key. */
export function orText<T extends z.ZodType>(key: string, schema: T) {
  return z.preprocess((value) => (typeof value === 'string' ? { [key]: value } : value), schema)
}

/** One entry, or a list of entries. */
export function oneOrList<T extends z.ZodType>(entry: T) {
  return z.preprocess(
    (value) => (value === undefined || value === null || Array.isArray(value) ? value : [value]),
    z.array(entry),
  )
}

/** A column that is true, or one with values. */
export const condition = orText(
  'column',
  z.strictObject({ column: anyName, values: z.array(scalar).min(1).optional() }),
)

/** What may have been changed. */
export const outcome = orText(
  'column',
  z.strictObject({
    name: nameText.optional(),
    column: anyName,
    description,
    better: z.enum(['higher', 'lower']).optional(),
    claim: z
      .preprocess(
        (value) => (typeof value === 'number' ? { value } : value),
        z.strictObject({ value: z.number(), by: anyName.optional() }),
      )
      .optional(),
  }),
)
