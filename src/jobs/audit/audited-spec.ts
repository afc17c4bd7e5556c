import {
  type ExperimentMethod,
  type ExperimentSpec,
  experimentMethods,
  type SequentialPlan,
} from '../../core/experiment-spec.ts'
import { indexCells } from '../experiment/data/cell-index.ts'
import { needsRows } from '../experiment/data/needs-rows.ts'
import { outcomeKind } from '../experiment/data/outcome-variables.ts'
import { estimateComparisons } from '../experiment/estimate-comparisons.ts'
import { cumulativeLifts } from '../experiment/lift-over-time.ts'
import { makeAnalysis } from '../experiment/method-input.ts'
import { methodRegistry } from '../experiment/methods/registry.ts'
import type { Analyse, AuditPlan } from './audit-share.ts'
import type { Replication } from './draw-replication.ts'
import type { Population } from './population.ts'
import { replicationCells } from './replication-cells.ts'
import { replicationRows } from './replication-rows.ts'

/** The outcomes that an audit knows the truth of: a quantile does not grow as its outcome's mean does. */
export function auditedOutcomes({ outcomes }: ExperimentSpec): ExperimentSpec['outcomes'] {
  return outcomes.filter((outcome) => outcomeKind(outcome) !== 'quantile')
}

/**
 * The experiment with one treatment and without what does not bear on its methods or is not drawn: no checks that could
 * refuse, no decision, no segments, strata and clusters. Methods are those named, or all that sums over units serve.
 */
export function auditedSpec(
  spec: ExperimentSpec,
  methods: readonly ExperimentMethod[] | undefined,
  sequential: SequentialPlan,
): ExperimentSpec {
  const { decision: _decision, bandit: _bandit, holdout: _holdout, switchback: _switchback, ...own } = spec
  const { stratumWeights: _stratumWeights, cluster: _cluster, ...rest } = own
  const [treatment] = spec.treatments
  const outcomes = auditedOutcomes(spec)
  const all = Object.keys(methodRegistry) as ExperimentMethod[]
  const used: ExperimentSpec = {
    ...rest,
    treatments: [treatment!],
    outcomes,
    segments: [],
    strata: [],
    interactions: [],
    health: [],
    sequential,
    multiplicity: { correction: 'none', family: 'all' },
    // Thousands of experiments are resampled instead of one.
    bootstrap: { ...spec.bootstrap, replicates: Math.min(spec.bootstrap.replicates, 500) },
    permutation: { ...spec.permutation, permutations: Math.min(spec.permutation.permutations, 499) },
    methods: [],
  }
  return {
    ...used,
    methods: (methods ?? all.filter((method) => methodRegistry[method].needs === 'cells')).filter((method) =>
      outcomes.some((outcome) => methodRegistry[method].applies(outcome, used)),
    ),
  }
}

/** The plans that an audit looks at every day by: the experiment's own, or one of each kind. */
export function auditedPlans(
  { sequential }: ExperimentSpec,
  population: Pick<Population, 'units'>,
): SequentialPlan[] {
  if (sequential) return [sequential]
  const looks = [0.25, 0.5, 0.75, 1]
  return [
    { kind: 'confidence_sequence', sides: 2, tuningUnits: Math.max(2, Math.round(population.units / 2)) },
    { kind: 'msprt', mixingVariance: 0.05 ** 2 },
    { kind: 'group_sequential', spending: 'obrien_fleming', looks, plannedUnits: population.units },
  ]
}

const sequentialKinds: readonly ExperimentMethod[] = ['confidence_sequence', 'msprt', 'group_sequential']

/** A method that an audit of an experiment's own units says nothing of. */
export interface UnauditedMethod {
  readonly method: ExperimentMethod
  readonly reason: string
}

/** Methods that need what is not drawn with the units, and the made-up design that has it. */
const undrawn: Readonly<
  Partial<Record<ExperimentMethod, { readonly needs: string; readonly design: string }>>
> = {
  stratified: { needs: 'strata', design: 'stratified' },
  post_stratified: { needs: 'strata', design: 'post_stratified' },
  cluster_robust: { needs: 'clusters', design: 'clustered' },
  block_means: { needs: 'blocks', design: 'switchback' },
  partial_pooling: { needs: 'segments', design: 'segmented' },
}

/** Which of the methods an audit of the experiment's own units has no rows for, and why. */
export function unauditedMethods(
  spec: ExperimentSpec,
  methods: readonly ExperimentMethod[],
): UnauditedMethod[] {
  const plans = auditedPlans(spec, { units: 2 })
  return methods.flatMap((method): UnauditedMethod[] => {
    const missing = undrawn[method]
    if (missing)
      return [
        {
          method,
          reason: `units are drawn without their ${missing.needs}; estimand audit --simulated ${missing.design} tells how it does`,
        },
      ]
    if (method === 'quantile_difference')
      return [{ method, reason: 'a lift of the mean says nothing of quantiles' }]
    if (sequentialKinds.includes(method) && plans.every(({ kind }) => kind !== method))
      return [{ method, reason: `the experiment is looked at by ${spec.sequential?.kind}` }]
    const isAudited = plans.some((plan) => auditedSpec(spec, [method], plan).methods.includes(method))
    return isAudited ? [] : [{ method, reason: 'no metric of the experiment has what it needs' }]
  })
}

/** Everything that an audit is made from: plain data, which threads are given. */
export interface AuditInput {
  readonly population: Population
  readonly spec: ExperimentSpec
  /** All that apply, if not given. */
  readonly methods: readonly ExperimentMethod[] | undefined
  /** Ways to look before the end. */
  readonly plans: readonly SequentialPlan[]
  readonly plan: AuditPlan
}

/** Analyses replications as the experiment is analysed, once for each sequential plan. */
export function analyseAs({ population, spec, methods, plans }: Omit<AuditInput, 'plan'>): Analyse {
  // Each sequential method is of one plan; all others hang on none, and are run with the first.
  const specs = plans.map((plan, index) => {
    const whole = auditedSpec(spec, methods, plan)
    const isOwn = (method: ExperimentMethod): boolean =>
      sequentialKinds.includes(method) ? method === plan.kind : index === 0
    return { own: { ...whole, methods: whole.methods.filter(isOwn) }, isOwn }
  })
  const origin = { job: '', runId: '', asOf: spec.asOf }
  // The sequential methods that are asked for, and beside them what they are to do better than.
  const watched = experimentMethods.filter(
    (method) => !sequentialKinds.includes(method) || (methods?.includes(method) ?? true),
  )
  const withRows = specs.some(({ own }) => needsRows(own))
  return (replication: Replication, looksDaily: boolean) => {
    const cells = replicationCells(population, replication)
    const index = indexCells(cells)
    const facts = { units: replication.n, crossovers: null, duplicates: null, exposedBefore: null }
    const rows = withRows ? replicationRows(population, replication) : null
    const evidence = { cells, facts, tops: [], sinceExposure: [], rows }
    const analyses = specs.map(({ own }) => makeAnalysis(own, evidence, index))
    return {
      estimates: analyses.flatMap((analysis) =>
        estimateComparisons(analysis, [], origin, { looksBack: false }),
      ),
      days: looksDaily
        ? analyses.flatMap((analysis, place) =>
            cumulativeLifts(analysis, [], watched.filter(specs[place]!.isOwn)),
          )
        : [],
    }
  }
}
