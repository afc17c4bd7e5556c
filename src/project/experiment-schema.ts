import { z } from 'zod'
import { columnSchema } from './properties-schema.ts'
import { anyName, description, known, listOf, nameText, optionalMapping, textList } from './schema-pieces.ts'

/*
 * analytics/*.yml with `kind: experiment`.
 */

/** An arm as the data spells it; a bare number is its text. */
const arm = z.union([z.string().min(1), z.number()]).transform(String)

const metricSchema = z.strictObject({
  name: nameText,
  description,
  kind: z.enum(['mean', 'proportion']),
  column: anyName,
  covariate: anyName.optional(),
})

export const experimentMethods = [
  'difference_in_means',
  'relative_lift',
  'cuped',
  'cuped_relative',
  'proportion_z_test',
] as const

export const experimentSchema = z.strictObject({
  kind: z.literal('experiment'),
  name: nameText.optional(),
  description,
  question: description,
  units: z.strictObject({ model: anyName, unit: anyName, arm: anyName }),
  control: arm,
  treatments: z.array(arm).min(1),
  expected_weights: z.record(z.string(), z.number().positive()).optional(),
  metrics: z.array(metricSchema).min(1),
  methods: z.array(z.enum(experimentMethods)).min(1).optional(),
  segments: textList,
  ci_level: z.number().gt(0).lt(1).default(0.95),
  sample_ratio_alpha: z.number().gt(0).lt(1).default(0.001),
  as_of: anyName,
  columns: listOf(columnSchema),
  tests: listOf(known),
  data_tests: listOf(known),
  config: optionalMapping,
  tags: textList,
  meta: optionalMapping,
})

export type ExperimentYaml = z.infer<typeof experimentSchema>
export type MetricYaml = z.infer<typeof metricSchema>
