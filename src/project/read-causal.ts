import type { CausalRefuter, CausalSpec, CausalTreatment, CausalVariable } from '../core/causal-spec.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { JobColumnRead } from '../core/job-column-read.ts'
import type { Problem } from '../core/problem.ts'
import { columnsRead } from './causal-columns.ts'
import { identified } from './causal-estimators.ts'
import { type CausalYaml, refuterSchema } from './causal-schema.ts'
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
import { readCausalTruth } from './read-causal-truth.ts'
import { readConditions, readLevel, readOutcomes } from './read-question.ts'
import type { YamlDocument } from './yaml-document.ts'

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
  const outcomes = readOutcomes(yaml, refuse)
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
      where: readConditions(yaml.units.where),
    },
    treatment,
    outcomes,
    graph: read.spec,
    variables,
    estimands: estimandsOf(yaml, refuse),
    ...(yaml.adjust_for && { adjustmentSet: yaml.adjust_for }),
    instruments: yaml.instruments,
    mediators: yaml.mediators,
    refuters: refutersOf(yaml, refuse),
    overlap: overlapOf(yaml, refuse),
    missing: yaml.missing,
    ciLevel: readLevel(yaml, refuse),
    seed: yaml.seed,
    ...(yaml.truth && { truth: readCausalTruth(yaml.truth, outcomes, refuse) }),
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

function estimandsOf({ estimand, treatment }: CausalYaml, refuse: Refuse): CausalSpec['estimands'] {
  const estimands = estimand ?? ['ate']
  if (treatment.kind === 'continuous' && estimands.some((one) => one !== 'ate'))
    refuse(
      ['estimand'],
      'of a continuous treatment nobody is the treated or the untreated',
      'write estimand: ate, or make two groups of it: treatment: { column: plan, treated: pro, control: free }',
    )
  return estimands
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

const usualRefuters = [
  'placebo_treatment',
  'random_common_cause',
  'data_subset',
  'robustness_value',
  'e_value',
]

/** Refuters as they are named, or the usual ones. */
function refutersOf({ refuters }: CausalYaml, refuse: Refuse): CausalRefuter[] {
  if (!refuters) return usualRefuters.map((refuter) => refuterSchema.parse({ refuter }))
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
