import { z } from 'zod'
import { jobShape } from './metrics-schema.ts'
import { condition, level, oneOrList, orText, outcome } from './question-schema.ts'
import { anyName, nameText, textList } from './schema-pieces.ts'

/*
 * analytics/*.yml with `kind: discontinuity` and `kind: interrupted_series`.
 */

const shared = {
  ...jobShape,
  outcome: outcome.optional(),
  outcomes: oneOrList(outcome).optional(),
  covariates: textList,
  missing: z.enum(['refuse', 'drop']).default('refuse'),
  ci_level: level.optional(),
  alpha: level.optional(),
  truth: orText('effects', z.strictObject({ effects: nameText })).optional(),
}

export const discontinuitySchema = z.strictObject({
  ...shared,
  kind: z.literal('discontinuity'),
  units: z.strictObject({ model: anyName, where: oneOrList(condition).optional() }),
  running: anyName,
  cutoff: z.number(),
  treated: z.enum(['above', 'below']).default('above'),
  treatment: orText('name', z.strictObject({ name: anyName, column: anyName.optional() })),
  bandwidth: z.number().positive().optional(),
  kernel: z.enum(['triangular', 'uniform']).default('triangular'),
})

export const seriesSchema = z.strictObject({
  ...shared,
  kind: z.literal('interrupted_series'),
  series: z.strictObject({ model: anyName, time: anyName, where: oneOrList(condition).optional() }),
  treatment: anyName,
  changed_at: z.union([z.string(), z.number()]),
  lags: z.int().min(0).max(1000).optional(),
})

export type DiscontinuityYaml = z.infer<typeof discontinuitySchema>
export type SeriesYaml = z.infer<typeof seriesSchema>
