import type { CausalGraph } from '../../../core/causal-graph/causal-graph.ts'
import { type CausalSpec, columnOfNode, exactColumns } from '../../../core/causal-spec.ts'
import { didYouMean } from '../../../core/did-you-mean.ts'
import { makeProblem, type Problem, ProblemError } from '../../../core/problem.ts'
import { columnsOf } from '../../../warehouse/index.ts'
import type { ColumnTypes } from '../../experiment/data/units-source.ts'
import type { JobContext } from '../../job.ts'

/*
 * The variables of a question as columns of the units' relation: numbers as they are, texts by their levels.
 */

/** An observed variable other than treatment and outcomes. */
export interface ObservedVariable {
  readonly node: string
  readonly column: string
  readonly kind: 'numeric' | 'categorical'
}

export interface CausalColumns {
  readonly types: ColumnTypes
  readonly variables: readonly ObservedVariable[]
  /** Outcomes of negative controls, which need not be in the graph. */
  readonly controls: readonly string[]
}

const numberTypes = /^(smallint|integer|bigint|numeric|real|double precision|boolean)/

/** Looks at the relation's columns; throws when one is not there or is nothing that can be counted with. */
export async function causalColumns(
  spec: CausalSpec,
  graph: CausalGraph,
  { session, relationOf, job }: Pick<JobContext, 'session' | 'relationOf' | 'job'>,
): Promise<CausalColumns> {
  const found = (await columnsOf(session, relationOf(spec.data.ref))) ?? []
  const types = new Map(found.map(({ name, type }) => [name, type]))
  const problems: Problem[] = []
  const tell = (message: string, hint?: string): void =>
    void problems.push(makeProblem('job-failed', message, { place: job.place, ...(hint && { hint }) }))
  const ends = [spec.treatment.node, ...spec.outcomes.map(({ name }) => name)]
  const variables = graph.nodes
    .filter((node) => !graph.unobserved.has(node) && !ends.includes(node))
    .map((node): ObservedVariable => {
      const column = columnOfNode(spec, node)
      const said = spec.variables.find((variable) => variable.node === node)?.kind
      const isNumber = numberTypes.test(types.get(column) ?? 'boolean')
      if (said === 'numeric' && !isNumber) tell(`column '${column}' is ${types.get(column)}, and no number`)
      return { node, column, kind: said ?? (isNumber ? 'numeric' : 'categorical') }
    })
  const controls = spec.refuters.flatMap((refuter) =>
    refuter.refuter === 'negative_control' ? [refuter.outcome] : [],
  )
  const outcomes = [...spec.outcomes.map(({ column }) => column), ...controls]
  const exact = exactColumns(spec)
  const named = [
    ...[spec.data.unit, spec.treatment.column, ...outcomes, ...exact],
    ...spec.data.where.map(({ column }) => column),
    ...variables.map(({ column }) => column),
  ]
  for (const column of new Set(named))
    if (!types.has(column))
      tell(
        `'${spec.data.ref}' has no column '${column}'`,
        didYouMean(column, [...types.keys()]) ?? `it has: ${[...types.keys()].join(', ')}`,
      )
  for (const column of outcomes)
    if (!numberTypes.test(types.get(column) ?? 'boolean'))
      tell(`outcome '${column}' is ${types.get(column)}; it has to be a number or true/false`)
  const { column, kind, treated } = spec.treatment
  const isNumber = numberTypes.test(types.get(column) ?? 'boolean')
  if (!isNumber && (kind === 'continuous' || treated === undefined))
    tell(
      `treatment '${column}' is ${types.get(column)}, and who was treated is not said`,
      `write treatment: { column: ${column}, treated: …, control: … }`,
    )
  if (problems.length > 0) throw new ProblemError(problems)
  return { types, variables, controls }
}
