import { expect, test } from 'vitest'
import type { ExperimentMethod, ExperimentSpec } from '../../../src/core/experiment-spec.ts'
import { unauditedMethods } from '../../../src/jobs/audit/audited-spec.ts'
import { converted, revenue, sampleSpec } from '../experiment/sample-experiment.ts'

const told = (methods: readonly ExperimentMethod[], own: Partial<ExperimentSpec> = {}) =>
  unauditedMethods(sampleSpec(own), methods).map(({ method, reason }) => `${method}: ${reason}`)

test('what has rows is not among what has none', () => {
  expect(told(['difference_in_means', 'cuped', 'bootstrap', 'proportion_z_test', 'msprt'])).toEqual([])
})

test('methods of what is not drawn with the units are told with the design that has it', () => {
  const own = { strata: ['country'], cluster: 'shop' }
  expect(told(['post_stratified', 'cluster_robust', 'partial_pooling'], own)).toEqual([
    'post_stratified: units are drawn without their strata; estimand audit --simulated post_stratified tells how it does',
    'cluster_robust: units are drawn without their clusters; estimand audit --simulated clustered tells how it does',
    'partial_pooling: units are drawn without their segments; estimand audit --simulated segmented tells how it does',
  ])
})

test('so are those that no metric is for, and other ways to look than that of the experiment', () => {
  const outcomes = [{ ...revenue, covariates: [] }]
  const sequential = { kind: 'msprt', mixingVariance: 1 } as const
  expect(told(['cuped', 'proportion_z_test'], { outcomes })).toEqual([
    'cuped: no metric of the experiment has what it needs',
    'proportion_z_test: no metric of the experiment has what it needs',
  ])
  expect(told(['msprt', 'group_sequential'], { outcomes: [converted], sequential })).toEqual([
    'group_sequential: the experiment is looked at by msprt',
  ])
})
