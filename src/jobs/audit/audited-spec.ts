import type { ExperimentMethod, ExperimentSpec, SequentialPlan } from '../../core/experiment-spec.ts'
import { analyseExperiment } from '../experiment/analyse-experiment.ts'
import { needsRows } from '../experiment/data/needs-rows.ts'
import { outcomeKind } from '../experiment/data/outcome-variables.ts'
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
 * The experiment with one treatment and without what does not bear on its methods: no checks that could refuse, no
 * segments, no decision. Methods are those named, or all that sums over units serve.
 */
export function auditedSpec(
  spec: ExperimentSpec,
  methods: readonly ExperimentMethod[] | undefined,
  sequential: SequentialPlan,
): ExperimentSpec {
  const { decision: _decision, bandit: _bandit, holdout: _holdout, switchback: _switchback, ...rest } = spec
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
export function auditedPlans({ sequential }: ExperimentSpec, population: Population): SequentialPlan[] {
  if (sequential) return [sequential]
  const looks = [0.25, 0.5, 0.75, 1]
  return [
    { kind: 'confidence_sequence', sides: 2, tuningUnits: Math.max(2, Math.round(population.units / 2)) },
    { kind: 'msprt' },
    { kind: 'group_sequential', spending: 'obrien_fleming', looks, plannedUnits: population.units },
  ]
}

const sequentialKinds: readonly ExperimentMethod[] = ['confidence_sequence', 'msprt', 'group_sequential']

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
    return { ...whole, methods: whole.methods.filter(isOwn) }
  })
  const origin = { job: '', runId: '', asOf: spec.asOf }
  return (replication: Replication) => {
    const cells = replicationCells(population, replication)
    const facts = { units: replication.n, crossovers: null, duplicates: null, exposedBefore: null }
    const tables = specs.map((each) =>
      analyseExperiment(
        each,
        {
          ...{ cells, facts, tops: [], sinceExposure: [] },
          rows: needsRows(each) ? replicationRows(population, replication) : null,
        },
        origin,
      ),
    )
    return {
      estimates: firstOf(tables.map(({ estimates }) => estimates)),
      days: firstOf(tables.map(({ days }) => days)),
    }
  }
}

/** What several analyses say, each method once: those that hang on no plan say the same in all. */
function firstOf<Row extends { readonly method: string }>(lists: readonly (readonly Row[])[]): Row[] {
  const seen = new Set<string>()
  return lists.flatMap((list) => {
    const fresh = list.filter(({ method }) => !seen.has(method))
    for (const { method } of fresh) seen.add(method)
    return fresh
  })
}
