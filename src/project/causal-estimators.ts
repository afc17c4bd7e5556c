import {
  type IdentificationPlan,
  planIdentification,
  whyNotMethod,
  whyNotSet,
} from '../core/causal-graph/plan-identification.ts'
import type { CausalEstimator, CausalMethod, CausalSpec, CausalTreatment } from '../core/causal-spec.ts'
import type { Problem } from '../core/problem.ts'
import { type CausalYaml, type EstimatorYaml, estimatorSchema } from './causal-schema.ts'
import { listed, refuseTwice } from './job-parts.ts'
import type { ReadGraph } from './read-causal-graph.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * Which estimators a question has, and whether its graph lets each of them answer.
 */

/** The estimators that are used, or null where the effect on an outcome cannot be had as is asked. */
export function identified(
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
    const clash = whyNotOptions(yaml.estimators![index]!)
    if (clash)
      problems.push(yamlProblem(document, ['estimators', index], clash.message, { hint: clash.hint }))
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
  'dml_plr',
  'two_stage_least_squares',
  'wald',
  'frontdoor',
  'mediation',
])

function waysHint({ identification: { ways, adjustmentSets } }: IdentificationPlan): string {
  const sets = adjustmentSets.slice(0, 3).map((set) => `[${set.join(', ')}]`)
  return `the graph gives the effect by ${ways.join(', ')}${sets.length > 0 ? `: adjusting for ${sets.join(' or ')}` : ''}`
}

/** What is done where nobody says. */
function usualEstimators(plans: readonly IdentificationPlan[], { kind }: CausalTreatment): CausalEstimator[] {
  const all = (way: (plan: IdentificationPlan) => boolean): boolean => plans.every(way)
  const backdoor: CausalMethod[] =
    kind === 'continuous'
      ? ['regression_adjustment']
      : ['regression_adjustment', 'propensity_matching', 'ipw', 'aipw']
  const methods: CausalMethod[] = [
    'naive_difference',
    ...(all(({ adjustmentSet }) => adjustmentSet !== null) ? backdoor : []),
    ...(all(({ instruments }) => instruments !== null) ? (['two_stage_least_squares'] as const) : []),
    ...(all(({ adjustmentSet, frontdoorSet }) => adjustmentSet === null && frontdoorSet !== null)
      ? (['frontdoor'] as const)
      : []),
  ]
  return methods.map((method) => estimatorOf(estimatorSchema.parse({ method })))
}

function estimatorOf(yaml: EstimatorYaml): CausalEstimator {
  const name = yaml.name ?? yaml.method
  switch (yaml.method) {
    case 'propensity_matching': {
      const { caliper, caliper_scale: caliperScale, variance_neighbours: varianceNeighbours, ...rest } = yaml
      return {
        ...{ ...rest, name, caliperScale, varianceNeighbours },
        ties: yaml.ties ?? (yaml.replacement ? 'share' : 'first'),
        errors: yaml.errors ?? (countsEstimation(yaml) ? 'estimated_score' : 'known_score'),
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

type MatchingYaml = Extract<EstimatorYaml, { readonly method: 'propensity_matching' }>

/** Whether errors can count in that the score was estimated, which is known for one way to match only. */
function countsEstimation({ distance, replacement, ties }: MatchingYaml): boolean {
  return distance === 'score' && replacement && ties !== 'first'
}

/** Options that do not go together. */
function whyNotOptions(yaml: EstimatorYaml): { readonly message: string; readonly hint: string } | null {
  if (yaml.method !== 'propensity_matching') return null
  if (yaml.errors === 'estimated_score' && !countsEstimation(yaml))
    return {
      message:
        "'errors: estimated_score' is known for matching by the score, with replacement, equally near ones sharing",
      hint: 'write distance: score, or leave errors out',
    }
  if (yaml.ties === 'share' && !yaml.replacement)
    return {
      message: "without replacement nobody can share: 'ties: share' needs replacement",
      hint: 'leave ties out, or write replacement: true',
    }
  return null
}
