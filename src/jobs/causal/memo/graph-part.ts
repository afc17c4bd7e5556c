import { graphOf } from '../../../core/causal-graph/plan-identification.ts'
import type { IdentificationRow } from '../../../core/causal-tables.ts'
import { type Block, figure, heading, list, paragraph } from '../../document/document.ts'
import { listed } from '../../experiment/memo/words.ts'
import { graphSvg, type NodeRoles } from '../graph-svg.ts'
import type { CausalMemoInput } from './memo-input.ts'

/** What the answer supposes: the graph, and how the effect follows from it. */
export function graphPart(input: CausalMemoInput): Block[] {
  const { spec, identification } = input
  const graph = graphOf(spec)
  const implications = identification.filter(({ kind }) => kind === 'implication')
  return [
    heading(2, 'What this supposes'),
    ...(spec.graph.isAssumed
      ? [paragraph('Nobody drew a graph: the covariates are taken for all common causes that there are.')]
      : []),
    figure(
      'What causes what. Filled: adjusted for; in dashes: not observed.',
      graphSvg(graph, rolesOf(spec, identification)),
    ),
    list(spec.outcomes.map(({ name }) => wayWords(name, identification))),
    ...implicationBlocks(implications),
  ]
}

/** What nodes are for, as was chosen. */
export function rolesOf(
  { treatment, outcomes }: Pick<CausalMemoInput['spec'], 'treatment' | 'outcomes'>,
  identification: readonly Pick<IdentificationRow, 'kind' | 'chosen' | 'variables'>[],
): NodeRoles {
  const chosen = (kind: IdentificationRow['kind']): string[] =>
    identification.filter((row) => row.kind === kind && row.chosen).flatMap(({ variables }) => variables)
  return {
    treatment: treatment.node,
    outcomes: outcomes.map(({ name }) => name),
    adjusted: chosen('adjustment_set'),
    instruments: chosen('instrument'),
  }
}

function wayWords(outcome: string, identification: readonly IdentificationRow[]): string {
  const own = identification.filter((row) => row.outcome === outcome && row.chosen)
  const ways = own.flatMap(({ kind, variables, given, note }) => {
    const held = given.length === 0 ? '' : ` given ${listed(given)}`
    switch (kind) {
      case 'adjustment_set':
        return [`adjusting for ${variables.length === 0 ? 'nothing' : listed(variables)} (${note})`]
      case 'instrument':
        return [`the instrument ${listed(variables)}${held}`]
      case 'frontdoor_set':
        return [`the mediators ${listed(variables)} (frontdoor)`]
      default:
        return []
    }
  })
  const others = identification.filter(
    (row) => row.outcome === outcome && row.kind === 'adjustment_set' && !row.chosen,
  )
  const rest =
    others.length === 0
      ? ''
      : ` Enough as well: ${others
          .slice(0, 5)
          .map(({ variables }) => `[${variables.join(', ')}]`)
          .join(', ')}.`
  return `${outcome}: by ${ways.join('; by ')}.${rest}`
}

function implicationBlocks(rows: readonly IdentificationRow[]): Block[] {
  if (rows.length === 0) return []
  const wrong = rows.filter(({ verdict }) => verdict === 'contradicted')
  const checked = rows.filter(({ verdict }) => verdict !== 'not_checked').length
  if (wrong.length === 0)
    return [
      paragraph(
        `The graph says that ${checked} pairs of variables are independent once others are held fixed; the data contradict none of it.`,
      ),
    ]
  return [
    {
      kind: 'callout',
      tone: 'bad',
      text: `The data contradict the graph in ${wrong.length} of ${checked} things that it says.`,
    },
    list(wrong.map(({ note }) => note)),
  ]
}
