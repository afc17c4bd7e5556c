import { z } from 'zod'
import { causalEstimands } from '../core/causal-spec.ts'
import { jobShape } from './metrics-schema.ts'
import {
  condition,
  level,
  oneOrList,
  orText,
  outcome,
  scalar,
  share,
  simulations,
} from './question-schema.ts'
import { anyName, nameText, textList } from './schema-pieces.ts'

/*
 * analytics/*.yml with `kind: causal`.
 */

const treatment = orText(
  'column',
  z.strictObject({
    name: nameText.optional(),
    column: anyName,
    kind: z.enum(['binary', 'continuous']).default('binary'),
    treated: scalar.optional(),
    control: scalar.optional(),
  }),
)

const variable = orText(
  'column',
  z.strictObject({ column: anyName.optional(), kind: z.enum(['numeric', 'categorical']).optional() }),
)

const edgeList = z.union([z.string(), z.array(z.string())])

const drawn = z.strictObject({
  edges: edgeList.optional(),
  dot: z.string().optional(),
  nodes: textList,
  unobserved: textList,
})

const ofMethod = <const M extends string, S extends z.ZodRawShape>(method: M, shape: S) =>
  z.strictObject({ method: z.literal(method), name: nameText.optional(), ...shape })

const crossFitted = {
  folds: z.int().min(2).max(100).default(5),
  repetitions: z.int().min(1).max(101).default(1),
}

/** An estimator, with the options that it has if none are said. */
export const estimatorSchema = orText(
  'method',
  z.discriminatedUnion('method', [
    ofMethod('naive_difference', {}),
    ofMethod('regression_adjustment', {}),
    ofMethod('propensity_matching', {
      ratio: z.int().min(1).max(100).default(1),
      replacement: z.boolean().default(true),
      distance: z.enum(['logit', 'score']).default('logit'),
      caliper: z.number().positive().optional(),
      caliper_scale: z.enum(['sd', 'pooled_sd', 'raw']).default('sd'),
      exact: textList,
      order: z.enum(['largest', 'smallest', 'closest', 'farthest', 'data', 'random']).default('largest'),
      ties: z.enum(['share', 'first']).optional(),
      errors: z.enum(['known_score', 'estimated_score']).optional(),
      variance_neighbours: z.int().min(2).max(1000).default(2),
    }),
    ofMethod('stratification', {
      strata: z.int().min(2).max(1000).default(5),
      among: z.enum(['all', 'treated', 'control']).default('all'),
      closed: z.enum(['right', 'left']).default('right'),
      exact: textList,
    }),
    ofMethod('ipw', { form: z.enum(['hajek', 'horvitz_thompson']).default('hajek') }),
    ofMethod('overlap_weighting', {}),
    ofMethod('entropy_balancing', {}),
    ofMethod('aipw', { errors: z.enum(['stacked', 'influence']).default('stacked') }),
    ofMethod('ipw_regression_adjustment', {}),
    ofMethod('dml_plr', crossFitted),
    ofMethod('dml_irm', crossFitted),
    ofMethod('two_stage_least_squares', {}),
    ofMethod('wald', {}),
    ofMethod('frontdoor', {}),
    ofMethod('mediation', { interaction: z.boolean().default(false) }),
  ]),
)

const ofRefuter = <const R extends string, S extends z.ZodRawShape>(refuter: R, shape: S) =>
  z.strictObject({ refuter: z.literal(refuter), ...shape })
const simulated = { simulations: simulations.default(100) }

/** A refuter, likewise. */
export const refuterSchema = orText(
  'refuter',
  z.discriminatedUnion('refuter', [
    ofRefuter('placebo_treatment', simulated),
    ofRefuter('random_common_cause', simulated),
    ofRefuter('data_subset', { ...simulated, share: share.default(0.8) }),
    ofRefuter('bootstrap', simulated),
    ofRefuter('dummy_outcome', simulated),
    ofRefuter('unobserved_common_cause', {
      strengths: z.array(share).min(1).default([0.01, 0.05, 0.1, 0.2, 0.3]),
    }),
    ofRefuter('robustness_value', {}),
    ofRefuter('e_value', {}),
    ofRefuter('negative_control', { outcome: anyName }),
  ]),
)

const potentialOutcomes = { without: anyName, with: anyName }

const bounds = z.tuple([z.number().min(0).lt(1), z.number().gt(0).max(1)])

export const causalSchema = z.strictObject({
  ...jobShape,
  kind: z.literal('causal'),
  units: z.strictObject({
    model: anyName,
    unit: anyName,
    where: oneOrList(condition).optional(),
  }),
  treatment,
  outcome: outcome.optional(),
  outcomes: oneOrList(outcome).optional(),
  graph: z.union([edgeList, drawn]).optional(),
  variables: z.record(z.string(), variable).optional(),
  covariates: textList,
  adjust_for: z.array(anyName).optional(),
  instruments: textList,
  mediators: textList,
  estimand: oneOrList(z.enum(causalEstimands)).optional(),
  estimators: z.array(estimatorSchema).min(1).optional(),
  refuters: z.array(refuterSchema).optional(),
  overlap: z
    .strictObject({
      extreme: z.number().min(0).lt(0.5).default(0.01),
      extreme_share: z.number().min(0).lt(1).default(0.05),
      effective_share: z.number().min(0).lt(1).default(0.1),
      heaviest_share: z.number().gt(0).max(1).default(0.25),
      trim: z.union([z.literal('optimal'), bounds]).default('optimal'),
    })
    .prefault({}),
  missing: z.enum(['refuse', 'drop']).default('refuse'),
  ci_level: level.optional(),
  alpha: level.optional(),
  seed: z.int().min(0).default(1),
  truth: orText(
    'effects',
    z.strictObject({
      effects: nameText.optional(),
      units: z
        .strictObject({
          table: nameText,
          unit: anyName,
          propensity: anyName,
          without: anyName.optional(),
          with: anyName.optional(),
          scale: z.number().positive().optional(),
          outcomes: z
            .record(
              z.string(),
              z.strictObject({ ...potentialOutcomes, scale: z.number().positive().default(1) }),
            )
            .optional(),
        })
        .optional(),
    }),
  ).optional(),
})

export type EstimatorYaml = z.infer<typeof estimatorSchema>
export type CausalYaml = z.infer<typeof causalSchema>
