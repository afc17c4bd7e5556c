import { z } from 'zod'
import { columnSchema } from './properties-schema.ts'
import { anyName, description, known, listOf, nameText, optionalMapping, textList } from './schema-pieces.ts'

/*
 * analytics/*.yml with `kind: metrics`.
 */

/** A mapping that may be written as one text under its main key. */
function orText<T extends z.ZodType>(key: string, schema: T) {
  return z.preprocess((value) => (typeof value === 'string' ? { [key]: value } : value), schema)
}

const scalar = z.union([z.string(), z.number(), z.boolean()])

const measureShape = {
  column: anyName.optional(),
  where: orText(
    'column',
    z.strictObject({ column: anyName, values: z.array(scalar).min(1).optional() }),
  ).optional(),
}

const measure = orText('column', z.strictObject(measureShape))
const step = orText('column', z.strictObject({ name: nameText.optional(), ...measureShape }))

const dayCount = z.int().min(0)
const sourceSchema = z.strictObject({
  model: anyName,
  unit: anyName,
  day: anyName.optional(),
  time: anyName.optional(),
})

/** A share of the control's mean, or the metric's own units. */
export const marginSchema = z.strictObject({
  relative: z.number().positive().optional(),
  absolute: z.number().positive().optional(),
})

const quantileLevel = z.number().gt(0).lt(1)

/** Bounds of a unit's value. */
export const capSchema = z.strictObject({
  upper: z.number().optional(),
  lower: z.number().optional(),
  quantile: quantileLevel.optional(),
  lower_quantile: quantileLevel.optional(),
})

/** What metrics say wherever they are declared. */
export const metricShape = {
  name: nameText,
  description,
  about: z.enum(['engagement', 'retention', 'revenue']).optional(),
  better: z.enum(['higher', 'lower']).optional(),
  cap: capSchema.optional(),
  margin: marginSchema.optional(),
}

const shared = {
  ...metricShape,
  from: sourceSchema.optional(),
  window: z.strictObject({ delay: dayCount.optional(), days: z.int().min(1).optional() }).optional(),
  mature_only: z.boolean().default(false),
  pre_period: dayCount.default(0),
}

const ofKind = <const K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.strictObject({ ...shared, kind: z.literal(kind), ...shape })

const metricSchema = z.discriminatedUnion('kind', [
  ofKind('mean', measureShape),
  ofKind('count', measureShape),
  ofKind('proportion', measureShape),
  ofKind('ratio', { numerator: measure, denominator: measure }),
  ofKind('quantile', {
    ...measureShape,
    quantile: quantileLevel,
    level: z.enum(['unit', 'event']).default('unit'),
  }),
  ofKind('retention', { ...measureShape, from_day: dayCount, to_day: dayCount }),
  ofKind('funnel', { steps: z.array(step).min(2) }),
])

/** What every job says of itself and of its main table. */
export const jobShape = {
  name: nameText.optional(),
  description,
  question: description,
  as_of: anyName,
  columns: listOf(columnSchema),
  tests: listOf(known),
  data_tests: listOf(known),
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
}

export const metricsSchema = z.strictObject({
  ...jobShape,
  kind: z.literal('metrics'),
  from: sourceSchema.optional(),
  late_days: dayCount.default(2),
  metrics: z.array(metricSchema).min(1),
})

export type MetricsYaml = z.infer<typeof metricsSchema>
export type MetricYaml = MetricsYaml['metrics'][number]
export type SourceYaml = z.infer<typeof sourceSchema>
export type MeasureYaml = z.infer<typeof measure>
export type CapYaml = z.infer<typeof capSchema>
export type MarginYaml = z.infer<typeof marginSchema>
