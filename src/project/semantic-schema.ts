import { z } from 'zod'
import { anyName, listOf, optionalMapping, textList } from './schema-pieces.ts'

/*
 * The newer spelling of what a semantic layer reads: a model says itself which of its columns are entities and
 * dimensions and what is measured of it, and a metric has its keys side by side instead of below `type_params`.
 */

/** One of some words, in whichever case they are written. */
function word<const W extends readonly string[]>(...words: W) {
  const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)
  return z.preprocess(lower, z.enum(words))
}

const granularity = word(
  'nanosecond',
  'microsecond',
  'millisecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
)
const aggregation = word(
  'sum',
  'min',
  'max',
  'count_distinct',
  'sum_boolean',
  'average',
  'percentile',
  'median',
  'count',
)
const text = z.string().nullish()
const flag = z.boolean().nullish()
const expression = z.union([z.string(), z.number(), z.boolean()])
const filter = z.union([z.string(), z.array(z.string())]).nullish()

/** How long something lasts, such as `28 days`. */
const timeSpan = z
  .string()
  .regex(/^\d+ \w+$/, "must be a number and what it counts, such as '28 days'")
  .nullish()

const metricInput = z.union([
  anyName,
  z.strictObject({ name: anyName, filter, alias: text, offset_window: timeSpan, offset_to_grain: text }),
])

const metricName = z
  .string()
  .regex(/^[A-Za-z]\w*$/, 'starts with a letter and holds only letters, digits and underscores')
  .max(250)

/** What the kinds of metrics cannot do without. */
const needed: Readonly<Record<string, readonly string[]>> = {
  simple: ['agg'],
  ratio: ['numerator', 'denominator'],
  derived: ['expr', 'input_metrics'],
  cumulative: ['input_metric'],
  conversion: ['entity', 'base_metric', 'conversion_metric'],
}

const metricShape = {
  name: metricName,
  label: text,
  description: text,
  filter,
  time_granularity: text,
  config: optionalMapping,
  hidden: flag,
  agg: aggregation.nullish(),
  percentile: z.number().nullish(),
  percentile_type: word('discrete', 'continuous').nullish(),
  join_to_timespine: flag,
  fill_nulls_with: z.int().nullish(),
  expr: expression.nullish(),
  non_additive_dimension: z
    .strictObject({ name: anyName, window_agg: aggregation, group_by: textList })
    .nullish(),
  agg_time_dimension: text,
  window: timeSpan,
  grain_to_date: text,
  period_agg: word('first', 'last', 'average').nullish(),
  input_metric: metricInput.nullish(),
  numerator: metricInput.nullish(),
  denominator: metricInput.nullish(),
  input_metrics: z.array(metricInput).nullish(),
  entity: text,
  calculation: word('conversions', 'conversion_rate').nullish(),
  base_metric: metricInput.nullish(),
  conversion_metric: metricInput.nullish(),
  constant_properties: z
    .array(z.strictObject({ base_property: z.string(), conversion_property: z.string() }))
    .nullish(),
}

/** A metric in the newer spelling. */
export const metricSchema = z
  .strictObject({
    ...metricShape,
    type: z
      .enum(['simple', 'ratio', 'derived', 'cumulative', 'conversion'])
      .nullish()
      .transform((type) => type ?? 'simple'),
  })
  .superRefine((metric, context) => {
    const missing = needed[metric.type]!.filter((key) => metric[key as keyof typeof metric] == null)
    if (missing.length > 0)
      context.addIssue({
        code: 'custom',
        path: ['name'],
        message: `a ${metric.type} metric needs ${missing.map((key) => `'${key}'`).join(' and ')}`,
      })
  })

const validity = z.strictObject({ is_start: flag, is_end: flag }).nullish()
const elementShape = { description: text, label: text, config: optionalMapping }
const entityType = word('foreign', 'natural', 'primary', 'unique')
const dimensionType = word('categorical', 'time')
const dimensionShape = { type: dimensionType, is_partition: flag, validity_params: validity, ...elementShape }

/** `entity` of a column, in its two forms. */
export const columnEntity = {
  asText: entityType,
  asMapping: z.strictObject({ name: text, type: entityType, ...elementShape }),
} as const

/** `dimension` of a column, in its two forms. */
export const columnDimension = {
  asText: dimensionType,
  asMapping: z.strictObject({ name: text, ...dimensionShape }),
} as const

/** Entities and dimensions that are no columns but made of them. */
export const derivedSemanticsSchema = z.strictObject({
  entities: listOf(z.strictObject({ name: anyName, type: entityType, expr: z.string(), ...elementShape })),
  dimensions: listOf(
    z
      .strictObject({
        name: anyName,
        expr: z.string(),
        granularity: granularity.nullish(),
        ...dimensionShape,
      })
      .refine(({ validity_params: bounds, granularity: grain }) => bounds == null || grain != null, {
        error: "a dimension with 'validity_params' needs a 'granularity'",
        path: ['name'],
      }),
  ),
})

/** `semantic_model` of a model where it is more than true or false. */
export const semanticModelSchema = z.strictObject({
  name: anyName.nullish(),
  enabled: flag,
  group: text,
  config: z.strictObject({ meta: optionalMapping }).nullish(),
})

export const granularitySchema = granularity
export const flagSchema = z.boolean()
export type MetricYaml = z.infer<typeof metricSchema>
export type DerivedSemanticsYaml = z.infer<typeof derivedSemanticsSchema>
export type SemanticModelYaml = z.infer<typeof semanticModelSchema>
