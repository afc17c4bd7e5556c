import type { CausalGraph } from '../../../core/causal-graph/causal-graph.ts'
import { planIdentification } from '../../../core/causal-graph/plan-identification.ts'
import {
  type CausalSpec,
  columnOfNode,
  exactColumns,
  isSimulated,
  usesPropensity,
} from '../../../core/causal-spec.ts'
import { sql } from '../../../warehouse/index.ts'
import { asNumber } from '../../experiment/data/cells-query.ts'
import type { JobContext } from '../../job.ts'
import type { CausalData } from '../causal-data.ts'
import { squaresInSql } from '../estimators/influence-in-sql.ts'
import { fetchRows, momentsOfRows } from './causal-rows.ts'
import { type CausalSource, knownUnits } from './causal-source.ts'
import type { CausalColumns } from './causal-variables.ts'
import { designColumns, designValue } from './design-columns.ts'
import { fetchFacts } from './fetch-facts.ts'
import { fetchMoments, type NamedValue } from './fetch-moments.ts'

/**
 * Fetches what is known of a question's units: rows where a method looks at units one by one, and otherwise sums only,
 * which Postgres makes.
 */
export async function fetchCausalData(
  spec: CausalSpec,
  graph: CausalGraph,
  columns: CausalColumns,
  source: CausalSource,
  context: Pick<JobContext, 'session' | 'job'>,
  withRows = needsRows(spec),
): Promise<CausalData> {
  const { session } = context
  const needed = neededColumns(spec, graph, columns)
  const facts = await fetchFacts(spec, columns, source, needed, context)
  const known = knownUnits(source, needed)
  const leftOut = await withGaps(columns, needed, known, context)
  const used = { ...columns, variables: columns.variables.filter(({ node }) => !leftOut.includes(node)) }
  const design = designColumns(used, facts)
  const values = namedValues(
    spec,
    used,
    design.map((column) => ({ label: column.label, value: designValue(column, columns) })),
  )
  const rows = withRows ? await fetchRows(session, spec, used, design, known) : null
  return {
    ...{ graph, facts, design, leftOut, rows },
    // From rows that are there at any rate, sums are had sooner than from Postgres.
    moments:
      rows && usesPropensity(spec)
        ? momentsOfRows(rows)
        : await fetchMoments(session, known, values, spec.treatment.kind === 'binary'),
    squaresOf: squaresInSql(session, known, values),
  }
}

/** Whether a method or a refuter looks at units one by one. */
function needsRows(spec: CausalSpec): boolean {
  const isByMediators = spec.estimators.some(({ method }) => method === 'frontdoor' || method === 'mediation')
  return usesPropensity(spec) || isByMediators || spec.refuters.some(isSimulated)
}

/** The columns without which a unit says nothing: all that estimates are made of. */
function neededColumns(spec: CausalSpec, graph: CausalGraph, { controls }: CausalColumns): string[] {
  const usesFrontdoor = spec.estimators.some(({ method }) => method === 'frontdoor')
  const nodes = spec.outcomes.flatMap(({ name }) => {
    const { adjustmentSet, instruments, frontdoorSet, mediation } = planIdentification(graph, spec, name)
    return [
      ...(adjustmentSet ?? []),
      ...(instruments ? [...instruments.names, ...instruments.given] : []),
      ...(usesFrontdoor ? (frontdoorSet ?? []) : []),
      ...(mediation?.identified ? [...mediation.mediators, ...mediation.given] : []),
    ]
  })
  const exact = exactColumns(spec)
  const outcomes = spec.outcomes.map(({ column }) => column)
  return [...new Set([...outcomes, ...nodes.map((node) => columnOfNode(spec, node)), ...controls, ...exact])]
}

/** Further variables of the graph that are not known of all units: nothing is checked on them. */
async function withGaps(
  { variables }: CausalColumns,
  needed: readonly string[],
  { from }: CausalSource,
  { session }: Pick<JobContext, 'session'>,
): Promise<string[]> {
  const others = variables.filter(({ column }) => !needed.includes(column))
  if (others.length === 0) return []
  const counts = others.map(
    ({ column }, index) =>
      sql`count(*) filter (where unit.${sql.ident(column)} is null)::float8 as ${sql.ident(`c${index}`)}`,
  )
  const { rows } = await session.query<Record<string, number>>(
    sql`select ${sql.join(counts, sql`, `)} from ${from} as unit`,
  )
  return others.filter((_, index) => rows[0]![`c${index}`]! > 0).map(({ node }) => node)
}

function namedValues(spec: CausalSpec, columns: CausalColumns, design: readonly NamedValue[]): NamedValue[] {
  const outcomes = [
    ...spec.outcomes.map(({ name, column }) => ({ label: name, column })),
    ...columns.controls.map((column) => ({ label: column, column })),
  ].map(({ label, column }) => ({ label, value: asNumber(column, columns.types) }))
  const all = [...outcomes, ...design]
  return all.filter(({ label }, index) => all.findIndex((one) => one.label === label) === index)
}
