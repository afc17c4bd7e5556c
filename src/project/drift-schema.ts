import { z } from 'zod'
import { driftStatistics } from '../core/drift-spec.ts'
import { jobShape } from './metrics-schema.ts'
import { anyName, nameText, textList } from './schema-pieces.ts'

/*
 * analytics/*.yml with `kind: drift`.
 */

const scalar = z.union([z.string(), z.number(), z.boolean()])

/** A mapping that may be written as one text under its main key. */
function orText<T extends z.ZodType>(key: string, schema: T) {
  return z.preprocess((value) => (typeof value === 'string' ? { [key]: value } : value), schema)
}

/** Entries, or one. */
function oneOrList<T extends z.ZodType>(entry: T) {
  return z.preprocess(
    (value) => (value === undefined || value === null || Array.isArray(value) ? value : [value]),
    z.array(entry).min(1),
  )
}

/** `psi: 0.1` warns from there on; `psi: off` judges by something else. */
const threshold = z.preprocess(
  (value) => (typeof value === 'number' ? { warn: value } : value === false || value === 'off' ? {} : value),
  z.strictObject({ warn: z.number().positive().optional(), fail: z.number().positive().optional() }),
)

const thresholds = z
  .strictObject(
    Object.fromEntries(driftStatistics.map((name) => [name, threshold.optional()])) as Record<
      (typeof driftStatistics)[number],
      z.ZodOptional<typeof threshold>
    >,
  )
  .prefault({})

const bins = z.int().min(2).max(50)
const top = z.int().min(1).max(200)

const watched = orText(
  'column',
  z.strictObject({
    column: anyName,
    kind: z.enum(['numeric', 'categorical', 'boolean']).optional(),
    bins: bins.optional(),
    top: top.optional(),
    thresholds,
  }),
)

export const driftSchema = z.strictObject({
  ...jobShape,
  kind: z.literal('drift'),
  rows: z.strictObject({
    model: anyName,
    day: anyName,
    where: oneOrList(
      orText('column', z.strictObject({ column: anyName, values: z.array(scalar).min(1).optional() })),
    ).optional(),
  }),
  watch: oneOrList(watched),
  segments: textList,
  reference: z
    .strictObject({
      start: anyName.optional(),
      end: anyName.optional(),
      days: z.int().min(7).max(3650).optional(),
    })
    .prefault({}),
  windows: oneOrList(z.int().min(1).max(366)).default([1, 7]),
  bins: bins.default(10),
  top: top.default(20),
  min_rows: z.int().min(10).default(100),
  thresholds,
  multiplicity: z.enum(['holm', 'benjamini_hochberg', 'none']).default('holm'),
  alpha: z.number().gt(0).lt(1).default(0.05),
  on_fail: z.enum(['warn', 'error']).default('warn'),
  truth: nameText.optional(),
})

export type DriftYaml = z.infer<typeof driftSchema>
