import {
  type IdentificationPlan,
  planIdentification,
  whyNotMethod,
  whyNotSet,
} from '../core/causal-graph/plan-identification.ts'
import {
  type CausalEstimator,
  type CausalMethod,
  type CausalOutcome,
  type CausalRefuter,
  type CausalSpec,
  type CausalTreatment,
  type CausalVariable,
  columnOfNode,
} from '../core/causal-spec.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { JobColumnRead } from '../core/job-column-read.ts'
import type { Problem } from '../core/problem.ts'
import type { CausalYaml } from './causal-schema.ts'
import {
  checkInstant,
  type JobRef,
  listed,
  type Refuse,
  readRef,
  refuseIn,
  refuseTwice,
} from './job-parts.ts'
import { type ReadGraph, readCausalGraph } from './read-causal-graph.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/** A causal question, and what it reads. */
export interface ReadCausal {
  readonly spec: CausalSpec
  readonly refs: readonly JobRef[]
  readonly columns: readonly JobColumnRead[]
}

/**
 * The question that the YAML declares. What its graph does not let the data answer is told here, with the path that
 * stays open: it takes no data to know. Null where something is wrong that leaves no question.
 */
export function readCausal(document: YamlDocument, yaml: CausalYaml, problems: Problem[]): ReadCausal | null {
  const refuse = refuseIn(document, problems)
  const { ref, refs } = readRef(document, ['units', 'model'], yaml.units.model, refuse)
  const treatment = treatmentOf(yaml, refuse)
  const outcomes = outcomesOf(yaml, refuse)
  checkInstant(['as_of'], yaml.as_of, refuse)
  const read =
    outcomes.length === 0
      ? null
      : readCausalGraph(
          yaml,
          treatment.node,
          outcomes.map(({ name }) => name),
          refuse,
        )
  if (!read) return null
  const variables = variablesOf(yaml, read, refuse)
  const known: Omit<CausalSpec, 'estimators'> = {
    kind: 'causal',
    question: yaml.question,
    data: {
      ref,
      unit: yaml.units.unit,
      where: (yaml.units.where ?? []).map(({ column, values }) => ({ column, ...(values && { values }) })),
    },
    treatment,
    outcomes,
    graph: read.spec,
    variables,
    estimands: yaml.estimand ?? ['ate'],
    ...(yaml.adjust_for && { adjustmentSet: yaml.adjust_for }),
    instruments: yaml.instruments,
    mediators: yaml.mediators,
    refuters: refutersOf(yaml, refuse),
    overlap: overlapOf(yaml, refuse),
    missing: yaml.missing,
    ciLevel: levelOf(yaml, refuse),
    seed: yaml.seed,
    ...(yaml.truth && { truth: truthOf(yaml.truth) }),
    asOf: yaml.as_of,
  }
  checkNames(yaml, read, refuse)
  const estimators = identified(document, yaml, known, read, problems)
  if (!estimators) return null
  const spec = { ...known, estimators }
  return { spec, refs, columns: columnsRead(document, yaml, spec, read) }
}

function treatmentOf({ treatment: yaml }: CausalYaml, refuse: Refuse): CausalTreatment {
  const { column, kind, treated, control } = yaml
  if ((treated === undefined) !== (control === undefined))
    refuse(
      ['treatment'],
      `'treatment' says what ${treated === undefined ? 'control' : 'treated'} units have, and not what the others do`,
      'write treatment: { column: plan, treated: pro, control: free }',
    )
  if (kind === 'continuous' && treated !== undefined)
    refuse(
      ['treatment', 'kind'],
      'a continuous treatment has no treated and control units',
      'leave out treated and control',
    )
  return {
    node: yaml.name ?? column,
    column,
    kind,
    ...(treated !== undefined && { treated }),
    ...(control !== undefined && { control }),
  }
}

function outcomesOf({ outcome, outcomes }: CausalYaml, refuse: Refuse): CausalOutcome[] {
  if (outcome && outcomes) refuse(['outcome'], "there are both 'outcome' and 'outcomes'", 'keep one of them')
  const all = outcomes ?? (outcome ? [outcome] : [])
  if (all.length === 0)
    refuse([], "'outcome' is missing", 'write outcome: <column of what may have been changed>')
  const read = all.map(({ name, column, description, better, claim }) => ({
    name: name ?? column,
    column,
    description,
    better,
    ...(claim && { claim: { value: claim.value, ...(claim.by !== undefined && { by: claim.by }) } }),
  }))
  refuseTwice(
    read.map(({ name }) => name),
    (index) => ['outcomes', index],
    'outcome',
    refuse,
  )
  return read
}

function variablesOf({ variables = {} }: CausalYaml, { graph }: ReadGraph, refuse: Refuse): CausalVariable[] {
  return Object.entries(variables).map(([node, { column, kind }]) => {
    if (!graph.nodes.includes(node) || graph.unobserved.has(node))
      refuse(
        ['variables', node],
        graph.unobserved.has(node) ? `'${node}' is said to be unobserved` : `the graph has no '${node}'`,
        didYouMean(node, graph.nodes) ?? `nodes: ${listed(graph.nodes)}`,
      )
    return { node, column: column ?? node, ...(kind && { kind }) }
  })
}

function levelOf({ ci_level: level, alpha }: CausalYaml, refuse: Refuse): number {
  if (level !== undefined && alpha !== undefined)
    refuse(['alpha'], "'alpha' and 'ci_level' say the same", 'keep one of them: alpha 0.05 is ci_level 0.95')
  return level ?? (alpha === undefined ? 0.95 : Number((1 - alpha).toPrecision(12)))
}

function overlapOf({ overlap }: CausalYaml, refuse: Refuse): CausalSpec['overlap'] {
  const { extreme, trim } = overlap
  if (trim !== 'optimal' && trim[0] >= trim[1])
    refuse(
      ['overlap', 'trim'],
      "'trim' has a lower bound that is not below its upper one",
      'write [0.1, 0.9], or optimal',
    )
  return {
    ...{ extreme, trim, extremeShare: overlap.extreme_share },
    ...{ effectiveShare: overlap.effective_share, heaviestShare: overlap.heaviest_share },
  }
}

function truthOf({ effects, units }: NonNullable<CausalYaml['truth']>): NonNullable<CausalSpec['truth']> {
  return { ...(effects !== undefined && { effects }), ...(units && { units }) }
}

/** Refuters as they are named, or the usual ones. */
function refutersOf({ refuters }: CausalYaml, refuse: Refuse): CausalRefuter[] {
  if (!refuters)
    return [
      { refuter: 'placebo_treatment', simulations: 100 },
      { refuter: 'random_common_cause', simulations: 100 },
      { refuter: 'data_subset', simulations: 100, share: 0.8 },
      { refuter: 'robustness_value' },
      { refuter: 'e_value' },
    ]
  const keys = refuters.map((one) => ('outcome' in one ? `${one.refuter} of ${one.outcome}` : one.refuter))
  refuseTwice(keys, (index) => ['refuters', index], 'refuter', refuse)
  return refuters
}

/** Nodes that are chosen by name have to be in the graph. */
function checkNames(yaml: CausalYaml, { graph }: ReadGraph, refuse: Refuse): void {
  for (const key of ['adjust_for', 'instruments', 'mediators'] as const)
    for (const [index, name] of (yaml[key] ?? []).entries())
      if (!graph.nodes.includes(name))
        refuse(
          [key, index],
          `the graph has no '${name}'`,
          didYouMean(name, graph.nodes) ?? `nodes: ${listed(graph.nodes)}`,
        )
}

/** The estimators that are used, or null where the effect on an outcome cannot be had as is asked. */
function identified(
  document: YamlDocument,
  yaml: CausalYaml,
  known: Omit<CausalSpec, 'estimators'>,
  { graph }: ReadGraph,
  problems: Problem[],
): readonly CausalEstimator[] | null {
  const named = yaml.estimators?.map(estimatorOf)
  const spec = { ...known, estimators: named ?? [] }
  const treatment = known.treatment.node
  const before = problems.length
  const tell = (path: YamlPath, message: string, hint: string): void =>
    void problems.push(yamlProblem(document, path, message, { code: 'not-identifiable', hint }))
  const plans = known.outcomes.map(({ name }) => planIdentification(graph, spec, name))
  for (const plan of plans) {
    const { refusal } = plan.identification
    if (refusal !== null)
      tell(
        yaml.graph === undefined ? ['treatment'] : ['graph'],
        `the effect of '${treatment}' on '${plan.outcome}' cannot be told from such data: ${refusal}`,
        'observe what closes the path, or name an instrument or a mediator; a graph that is wrong should be redrawn',
      )
    else if (yaml.adjust_for && plan.adjustmentSet === null)
      tell(
        ['adjust_for'],
        `adjusting for ${listed(yaml.adjust_for)} does not give the effect on '${plan.outcome}': ${whyNotSet(graph, treatment, plan.outcome, yaml.adjust_for)}`,
        plan.identification.adjustmentSets.length > 0
          ? `sets that do: ${plan.identification.adjustmentSets.map((set) => `[${set.join(', ')}]`).join(', ')}`
          : 'no set of observed variables does',
      )
  }
  if (problems.length > before) return null
  const estimators = named ?? usualEstimators(plans, known.treatment)
  for (const [index, { method }] of (named ?? []).entries()) {
    if (known.treatment.kind === 'continuous' && !continuousMethods.has(method))
      problems.push(
        yamlProblem(
          document,
          ['estimators', index],
          `'${method}' needs a treatment that units have or have not`,
          { hint: `for a continuous one: ${[...continuousMethods].join(', ')}` },
        ),
      )
    for (const plan of plans) {
      const reason = whyNotMethod(graph, spec, plan, method)
      if (reason !== null)
        tell(
          ['estimators', index],
          `'${method}' cannot give the effect on '${plan.outcome}': ${reason}`,
          waysHint(plan),
        )
    }
  }
  refuseTwice(
    estimators.map(({ name }) => name),
    (index) => ['estimators', index],
    'estimator',
    (path, message) =>
      void problems.push(
        yamlProblem(document, path, message, {
          hint: 'give one of them a name: { method: ipw, name: ipw_ht, form: horvitz_thompson }',
        }),
      ),
  )
  if (problems.length > before) return null
  // What would be believed without any of this always stands beside.
  return estimators.some(({ method }) => method === 'naive_difference')
    ? estimators
    : [{ method: 'naive_difference', name: 'naive_difference' }, ...estimators]
}

/** What a treatment of any value can be estimated by. */
const continuousMethods: ReadonlySet<CausalMethod> = new Set([
  'naive_difference',
  'regression_adjustment',
  'two_stage_least_squares',
])

function waysHint({ identification: { ways, adjustmentSets } }: IdentificationPlan): string {
  const sets = adjustmentSets.slice(0, 3).map((set) => `[${set.join(', ')}]`)
  return `the graph gives the effect by ${ways.join(', ')}${sets.length > 0 ? `: adjusting for ${sets.join(' or ')}` : ''}`
}

/** What is done where nobody says. */
function usualEstimators(plans: readonly IdentificationPlan[], { kind }: CausalTreatment): CausalEstimator[] {
  const all = (way: (plan: IdentificationPlan) => boolean): boolean => plans.every(way)
  const plain = (
    method: Exclude<
      CausalMethod,
      'propensity_matching' | 'stratification' | 'ipw' | 'aipw' | 'dml_plr' | 'dml_irm' | 'mediation'
    >,
  ): CausalEstimator => ({ method, name: method })
  const backdoor: CausalEstimator[] =
    kind === 'continuous'
      ? [plain('regression_adjustment')]
      : [
          plain('regression_adjustment'),
          {
            ...{ method: 'propensity_matching', name: 'propensity_matching', ratio: 1, replacement: true },
            ...{ distance: 'logit', caliperScale: 'sd', exact: [], order: 'largest' },
          },
          { method: 'ipw', name: 'ipw', form: 'hajek' },
          { method: 'aipw', name: 'aipw', errors: 'stacked' },
        ]
  return [
    plain('naive_difference'),
    ...(all(({ adjustmentSet }) => adjustmentSet !== null) ? backdoor : []),
    ...(all(({ instruments }) => instruments !== null) ? [plain('two_stage_least_squares')] : []),
    ...(kind === 'binary' &&
    all(({ adjustmentSet, frontdoorSet }) => adjustmentSet === null && frontdoorSet !== null)
      ? [plain('frontdoor')]
      : []),
  ]
}

function estimatorOf(yaml: NonNullable<CausalYaml['estimators']>[number]): CausalEstimator {
  const name = yaml.name ?? yaml.method
  switch (yaml.method) {
    case 'propensity_matching': {
      const {
        method,
        ratio,
        replacement,
        distance,
        caliper,
        caliper_scale: caliperScale,
        exact,
        order,
      } = yaml
      return {
        ...{ method, name, ratio, replacement, distance, caliperScale, exact, order },
        ...(caliper !== undefined && { caliper }),
      }
    }
    case 'stratification':
    case 'ipw':
    case 'aipw':
    case 'dml_plr':
    case 'dml_irm':
    case 'mediation':
      return { ...yaml, name }
    default:
      return { method: yaml.method, name }
  }
}

/** The columns of all observed variables, and of what else is named. */
function columnsRead(
  document: YamlDocument,
  yaml: CausalYaml,
  spec: CausalSpec,
  { graph, pathOf }: ReadGraph,
): JobColumnRead[] {
  const { ref } = spec.data
  if (ref === '') return []
  const read = (path: YamlPath, column: string): JobColumnRead => ({
    ref,
    column,
    place: document.placeOf(path),
  })
  const one = yaml.outcomes ? (index: number): YamlPath => ['outcomes', index] : (): YamlPath => ['outcome']
  const others = graph.nodes.filter(
    (node) =>
      !graph.unobserved.has(node) &&
      node !== spec.treatment.node &&
      !spec.outcomes.some(({ name }) => name === node),
  )
  return [
    read(['units', 'unit'], spec.data.unit),
    ...spec.data.where.map(({ column }) => read(['units', 'where'], column)),
    read(['treatment'], spec.treatment.column),
    ...spec.outcomes.map(({ column }, index) => read(one(index), column)),
    ...others.map((node) => read(pathOf(node), columnOfNode(spec, node))),
    ...spec.estimators.flatMap((estimator, index) =>
      estimator.method === 'propensity_matching'
        ? estimator.exact.map((column) => read(['estimators', index], column))
        : [],
    ),
    ...spec.refuters.flatMap((refuter, index) =>
      refuter.refuter === 'negative_control' ? [read(['refuters', index], refuter.outcome)] : [],
    ),
  ]
}
