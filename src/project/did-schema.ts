import { z } from 'zod'
import { didAggregations } from '../core/did-spec.ts'
import { jobShape } from './metrics-schema.ts'
import { condition, level, oneOrList, orText, outcome, share, simulations } from './question-schema.ts'
import { anyName, nameText, textList } from './schema-pieces.ts'

/*
 * analytics/*.yml with `kind: did`.
 */

const treatment = orText(
  'first_treated',
  z.strictObject({
    name: nameText.optional(),
    first_treated: anyName.optional(),
    status: anyName.optional(),
    group: anyName.optional(),
    rollout: z
      .strictObject({
        model: anyName,
        group: anyName,
        date: anyName,
        where: oneOrList(condition).optional(),
      })
      .optional(),
  }),
)

const ofMethod = <const M extends string, S extends z.ZodRawShape>(method: M, shape: S) =>
  z.strictObject({ method: z.literal(method), name: nameText.optional(), ...shape })

const estimator = orText(
  'method',
  z.discriminatedUnion('method', [
    ofMethod('two_by_two', {}),
    ofMethod('twfe', {}),
    ofMethod('callaway_santanna', {
      control: z.enum(['never_treated', 'not_yet_treated']).default('never_treated'),
      adjustment: z.enum(['doubly_robust', 'regression', 'ipw']).default('doubly_robust'),
      base: z.enum(['varying', 'universal']).default('varying'),
    }),
    ofMethod('synthetic_control', {}),
    ofMethod('synthetic_did', {}),
  ]),
)

const ofRefuter = <const R extends string, S extends z.ZodRawShape>(refuter: R, shape: S) =>
  z.strictObject({ refuter: z.literal(refuter), ...shape })

const refuter = orText(
  'refuter',
  z.discriminatedUnion('refuter', [
    ofRefuter('placebo_dates', {}),
    ofRefuter('leave_one_group_out', {}),
    ofRefuter('placebo_groups', { simulations: simulations.default(100) }),
    ofRefuter('data_subset', { simulations: simulations.default(100), share: share.default(0.8) }),
  ]),
)

export const didSchema = z.strictObject({
  ...jobShape,
  kind: z.literal('did'),
  panel: z.strictObject({
    model: anyName,
    unit: anyName,
    time: anyName,
    weight: anyName.optional(),
    sampling: z.enum(['panel', 'cross_sections']).default('panel'),
    where: oneOrList(condition).optional(),
    unbalanced: z.enum(['refuse', 'drop']).default('refuse'),
  }),
  treatment,
  outcome: outcome.optional(),
  outcomes: oneOrList(outcome).optional(),
  covariates: textList,
  anticipation: z.number().min(0).default(0),
  estimators: z.array(estimator).min(1).optional(),
  aggregations: oneOrList(z.enum(didAggregations)).optional(),
  cluster: anyName.optional(),
  errors: orText(
    'kind',
    z.strictObject({
      kind: z.enum(['analytic', 'bootstrap']),
      draws: z.int().min(100).max(100_000).default(1000),
    }),
  ).optional(),
  pre_trend_alpha: level.default(0.05),
  refuters: z.array(refuter).optional(),
  scale: z.enum(['absolute', 'relative']).default('absolute'),
  missing: z.enum(['refuse', 'drop']).default('refuse'),
  ci_level: level.optional(),
  alpha: level.optional(),
  seed: z.int().min(0).default(1),
  truth: orText('effects', z.strictObject({ effects: nameText })).optional(),
})

export type DidYaml = z.infer<typeof didSchema>
