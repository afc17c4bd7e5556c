import { z } from 'zod'
import { experimentMethods, type healthChecks } from '../core/experiment-spec.ts'
import { jobShape, marginSchema, metricShape } from './metrics-schema.ts'
import { anyName, textList } from './schema-pieces.ts'

/*
 * analytics/*.yml with `kind: experiment`, in its two forms: over a relation with one row per unit (`units:`), or over
 * exposures and metrics that are declared once for all experiments (`exposures:`).
 */

/** An arm as the data spells it; a bare number is its text. */
const arm = z.union([z.string().min(1), z.number()]).transform(String)

const share = z.number().min(0).max(1)
const level = z.number().gt(0).lt(1)

const pValueRule = { threshold: level.optional() }
const shareRule = { threshold: share.optional() }
const rule = <S extends z.ZodRawShape>(shape: S) =>
  z
    .strictObject({
      ...shape,
      critical: z.boolean().optional(),
      override: z.string().trim().min(1).optional(),
    })
    .optional()

const healthSchema = z.strictObject({
  sample_ratio: rule(pValueRule),
  sample_ratio_by_segment: rule(pValueRule),
  crossovers: rule(shareRule),
  exposure_before_assignment: rule(shareRule),
  pre_period_balance: rule(pValueRule),
  missing_outcomes: rule(shareRule),
  too_few_units: rule({ threshold: z.int().min(0).optional() }),
  outlier_influence: rule(shareRule),
  bot_like_units: rule(shareRule),
} satisfies Record<(typeof healthChecks)[number], z.ZodType>)

const sequentialSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('confidence_sequence'),
    sides: z.union([z.literal(1), z.literal(2)]).default(2),
    tuning_units: z.number().positive().default(5000),
  }),
  z.strictObject({ kind: z.literal('msprt'), mixing_variance: z.number().positive().optional() }),
  z.strictObject({
    kind: z.literal('group_sequential'),
    spending: z.enum(['obrien_fleming', 'pocock']).default('obrien_fleming'),
    looks: z.array(z.number().gt(0).max(1)).min(1),
    planned_units: z.number().positive(),
  }),
])

const shape = {
  ...jobShape,
  kind: z.literal('experiment'),
  control: arm,
  treatments: z.array(arm).min(1),
  holdout: arm.optional(),
  expected_weights: z.record(z.string(), z.number().min(0)).optional(),
  stratum_weights: z.record(z.string(), z.record(z.string(), z.number().min(0))).optional(),
  methods: z.array(z.enum(experimentMethods)).min(1).optional(),
  segments: textList,
  strata: textList,
  cluster: anyName.optional(),
  ci_level: level.optional(),
  alpha: level.optional(),
  sample_ratio_alpha: level.optional(),
  sequential: sequentialSchema.optional(),
  prior: z
    .strictObject({
      mean: z.number().default(0),
      sd: z.number().positive(),
      scale: z.enum(['absolute', 'relative']).default('relative'),
    })
    .optional(),
  beta_prior: z.strictObject({ a: z.number().positive(), b: z.number().positive() }).optional(),
  multiplicity: z
    .strictObject({
      correction: z.enum(['none', 'holm', 'hochberg', 'bh', 'by', 'bonferroni', 'sidak']).default('holm'),
      family: z.enum(['goals', 'all', 'segments']).default('goals'),
    })
    .optional(),
  health: healthSchema.optional(),
  decision: z
    .strictObject({
      goals: z.enum(['all', 'any']).default('all'),
      alpha: level.optional(),
      power: level.default(0.8),
    })
    .optional(),
  bandit: z
    .strictObject({
      algorithm: z.enum(['thompson', 'top_two']).default('thompson'),
      goal: anyName,
      floor: z.number().min(0).lt(1).default(0),
    })
    .optional(),
  switchback: z
    .strictObject({ block: anyName, period: anyName, carry_over: z.int().min(0).default(0) })
    .optional(),
  bootstrap: z
    .strictObject({ replicates: z.int().min(100).default(2000), seed: z.int().min(0).default(1) })
    .optional(),
  permutation: z
    .strictObject({ permutations: z.int().min(99).default(9999), seed: z.int().min(0).default(1) })
    .optional(),
  interactions: textList,
}

/** What an experiment says of a metric that is declared elsewhere. */
const usedShape = {
  metric: anyName,
  better: z.enum(['higher', 'lower']).optional(),
  margin: marginSchema.optional(),
  minimum_effect: marginSchema.optional(),
}

const used = z.preprocess(
  (value) => (typeof value === 'string' ? { metric: value } : value),
  z.strictObject(usedShape),
)
const usedList = z.array(used).default([])

const inlineShape = {
  ...metricShape,
  role: z.enum(['goal', 'guardrail', 'secondary']).optional(),
  minimum_effect: marginSchema.optional(),
}
const covariateShape = { covariate: anyName.optional(), covariates: textList }
const pair = z.strictObject({ numerator: anyName, denominator: anyName })
const ofColumn = <const K extends string>(kind: K) =>
  z.strictObject({ ...inlineShape, kind: z.literal(kind), column: anyName, ...covariateShape })

const inlineMetric = z.discriminatedUnion('kind', [
  ofColumn('mean'),
  ofColumn('proportion'),
  ofColumn('count'),
  z.strictObject({
    ...inlineShape,
    kind: z.literal('ratio'),
    numerator: anyName,
    denominator: anyName,
    covariate: pair.optional(),
    covariates: z.array(pair).default([]),
  }),
  z.strictObject({ ...inlineShape, kind: z.literal('quantile'), column: anyName, quantile: level }),
])

/** Over a relation with one row per unit. */
export const unitsExperimentSchema = z.strictObject({
  ...shape,
  units: z.strictObject({ model: anyName, unit: anyName, arm: anyName, time: anyName.optional() }),
  metrics: z.array(inlineMetric).min(1),
  goals: usedList,
  guardrails: usedList,
  covariates: textList,
})

/** Over exposures; the outcomes come from metrics that are declared for all experiments. */
export const exposuresExperimentSchema = z.strictObject({
  ...shape,
  exposures: z.strictObject({
    model: anyName,
    unit: anyName,
    arm: anyName,
    time: anyName,
    experiment: z.strictObject({ column: anyName, value: arm }).optional(),
  }),
  start: anyName,
  end: anyName,
  crossovers: z.enum(['exclude', 'first_arm', 'fail']).default('exclude'),
  exposure_day: z.enum(['include', 'exclude']).default('include'),
  goals: usedList,
  guardrails: usedList,
  metrics: usedList,
})

export type UnitsExperimentYaml = z.infer<typeof unitsExperimentSchema>
export type ExposuresExperimentYaml = z.infer<typeof exposuresExperimentSchema>
export type ExperimentYaml = UnitsExperimentYaml | ExposuresExperimentYaml
export type InlineMetricYaml = UnitsExperimentYaml['metrics'][number]
export type UsedMetricYaml = ExposuresExperimentYaml['metrics'][number]
