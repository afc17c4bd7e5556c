import type { CausalMethod, CausalSpec } from '../causal-spec.ts'
import { backdoorGraph, forbiddenNodes, isAdjustmentSet } from './adjustment.ts'
import { type CausalGraph, type GraphFault, makeCausalGraph } from './causal-graph.ts'
import { openPath } from './d-separation.ts'
import { type Identification, identifyEffect } from './identify.ts'
import { identifyMediation, type MediationIdentification } from './mediation.ts'

/*
 * How the effect on each outcome is going to be told from the data: what the graph allows, and which of it is chosen.
 */

/** A set of instruments that are used together, and what is held fixed for them. */
export interface ChosenInstruments {
  readonly names: readonly string[]
  readonly given: readonly string[]
}

export interface IdentificationPlan {
  readonly outcome: string
  readonly identification: Identification
  /** What is adjusted for; null where no set of observed variables is enough. */
  readonly adjustmentSet: readonly string[] | null
  /** Why this one. */
  readonly chosenBy: 'named' | 'optimal' | 'minimal' | 'assumed' | null
  readonly frontdoorSet: readonly string[] | null
  readonly instruments: ChosenInstruments | null
  /** Null where no mediator is named and none is meant. */
  readonly mediation: MediationIdentification | null
}

type Part = Pick<
  CausalSpec,
  'graph' | 'treatment' | 'adjustmentSet' | 'instruments' | 'mediators' | 'estimators'
>

/** The graph of a spec, which was found to be one when it was read. */
export function graphOf({ graph }: Pick<CausalSpec, 'graph'>): CausalGraph {
  const made = makeCausalGraph(graph.edges, graph)
  if ('faults' in made) throw new Error(`no graph: ${made.faults.map(faultText).join('; ')}`)
  return made
}

/** What is wrong with a graph, in words. */
export function faultText({ kind, nodes }: GraphFault): string {
  switch (kind) {
    case 'cycle':
      return `the graph goes in a circle: ${nodes.join(' -> ')}`
    case 'self_loop':
      return `'${nodes[0]}' is said to cause itself`
    case 'double_edge':
      return `the edge ${nodes.join(' -> ')} is there twice`
    case 'unknown_node':
      return `'${nodes[0]}' is said to be unobserved, and no edge has it`
  }
}

/** How the effect on one outcome is told. */
export function planIdentification(graph: CausalGraph, spec: Part, outcome: string): IdentificationPlan {
  const treatment = spec.treatment.node
  const identification = identifyEffect(graph, treatment, outcome)
  const set = chosenSet(graph, spec, outcome, identification)
  const { mediators } = spec
  return {
    outcome,
    identification,
    adjustmentSet: set?.names ?? null,
    chosenBy: set?.by ?? null,
    frontdoorSet: identification.frontdoorSets[0] ?? null,
    instruments: chosenInstruments(spec, identification),
    mediation: mediators.length === 0 ? null : identifyMediation(graph, treatment, outcome, mediators),
  }
}

function chosenSet(
  graph: CausalGraph,
  spec: Part,
  outcome: string,
  { adjustmentSets, optimalSet }: Identification,
): { readonly names: readonly string[]; readonly by: IdentificationPlan['chosenBy'] } | null {
  const { adjustmentSet: named } = spec
  if (named)
    return isAdjustmentSet(graph, spec.treatment.node, outcome, named) ? { names: named, by: 'named' } : null
  if (adjustmentSets.length === 0) return null
  if (optimalSet) return { names: optimalSet, by: spec.graph.isAssumed ? 'assumed' : 'optimal' }
  return { names: adjustmentSets[0]!, by: 'minimal' }
}

/** Those that need the same to be held fixed, as many as there are. */
function chosenInstruments(
  { instruments: named }: Part,
  { instruments }: Identification,
): ChosenInstruments | null {
  const groups = new Map<string, { names: string[]; given: readonly string[] }>()
  for (const { instrument, given } of instruments) {
    if (named.length > 0 && !named.includes(instrument)) continue
    const key = given.join(' ')
    const group = groups.get(key)
    if (group) group.names.push(instrument)
    else groups.set(key, { names: [instrument], given })
  }
  return [...groups.values()].sort((a, b) => b.names.length - a.names.length)[0] ?? null
}

/** What an estimator needs the graph to allow. */
export function wayOf(method: CausalMethod): 'none' | 'backdoor' | 'instrument' | 'frontdoor' | 'mediation' {
  switch (method) {
    case 'naive_difference':
      return 'none'
    case 'two_stage_least_squares':
    case 'wald':
      return 'instrument'
    case 'frontdoor':
      return 'frontdoor'
    case 'mediation':
      return 'mediation'
    default:
      return 'backdoor'
  }
}

/** Why an estimator cannot be used, or null. */
export function whyNotMethod(
  graph: CausalGraph,
  spec: Part,
  plan: IdentificationPlan,
  method: CausalMethod,
): string | null {
  const treatment = spec.treatment.node
  switch (wayOf(method)) {
    case 'none':
      return null
    case 'backdoor':
      return plan.adjustmentSet ? null : whyNotSet(graph, treatment, plan.outcome, spec.adjustmentSet)
    case 'instrument':
      if (!plan.instruments) return 'the graph has no instrument'
      return method === 'wald' && plan.instruments.given.length > 0
        ? `its instrument holds only given ${plan.instruments.given.join(', ')}: use two_stage_least_squares`
        : null
    case 'frontdoor':
      return plan.frontdoorSet ? null : 'no mediators meet the frontdoor criterion'
    case 'mediation':
      if (!plan.mediation) return 'no mediator is named: write mediators: [name]'
      return plan.mediation.identified ? null : plan.mediation.reason
  }
}

/** Why adjusting for a set, or for whatever is observed, does not give the effect: with the path that stays open. */
export function whyNotSet(
  graph: CausalGraph,
  treatment: string,
  outcome: string,
  named: readonly string[] | undefined,
): string {
  const forbidden = forbiddenNodes(graph, treatment, outcome)
  const changed = named?.find((name) => forbidden.has(name))
  if (changed !== undefined)
    return `'${changed}' is changed by the treatment, or by what the treatment changes on the way to '${outcome}'`
  const hidden = named?.find((name) => graph.unobserved.has(name))
  if (hidden !== undefined) return `'${hidden}' is not observed`
  const given =
    named ??
    graph.nodes.filter((node) => node !== outcome && !forbidden.has(node) && !graph.unobserved.has(node))
  const path = openPath(backdoorGraph(graph, treatment, outcome), treatment, outcome, given)
  const what = named
    ? `adjusting for ${named.join(', ') || 'nothing'}`
    : 'whatever observed variables are adjusted for'
  return `the path ${path?.text ?? `from '${treatment}' to '${outcome}'`} stays open, ${what}`
}
