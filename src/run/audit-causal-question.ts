import { graphOf } from '../core/causal-graph/plan-identification.ts'
import type { Manifest } from '../core/manifest.ts'
import { type Relation, relationsOf } from '../core/node.ts'
import { auditCausal, type CausalAuditThreads } from '../jobs/causal/audit/audit-causal.ts'
import { type AuditedPopulation, imputedPopulation } from '../jobs/causal/audit/audited-population.ts'
import type { ReportedCausalAudit } from '../jobs/causal/audit/causal-audit-report.ts'
import type { CausalData } from '../jobs/causal/causal-data.ts'
import { causalSource } from '../jobs/causal/data/causal-source.ts'
import { causalColumns } from '../jobs/causal/data/causal-variables.ts'
import { fetchCausalData } from '../jobs/causal/data/fetch-causal-data.ts'
import { existingRelations, relationIdent, type Session, sql, type Warehouse } from '../warehouse/index.ts'
import type { CausalNode } from './causal-standing.ts'

export interface CausalAuditRequest {
  readonly replications: number
  readonly seed: number
  /** So many units in each replication, where there are more. */
  readonly units: number
}

/** Reads the published units of a question, and what is true of them where a generator wrote it, and audits its estimators. */
export async function auditCausalQuestion(
  warehouse: Warehouse,
  manifest: Manifest,
  node: CausalNode,
  request: CausalAuditRequest,
  threads: CausalAuditThreads,
): Promise<ReportedCausalAudit | { readonly question: string; readonly refused: string }> {
  const { spec, name: question } = node
  if (spec.treatment.kind === 'continuous')
    return { question, refused: 'a treatment of any value has no probability to be drawn by' }
  const relationOf = (ref: string): Relation => {
    const target = node.dependsOn.map((id) => manifest.nodes[id]!).find(({ name }) => name === ref)
    const [relation] = target ? relationsOf(target) : []
    if (!relation) throw new Error(`${node.id} does not depend on a relation '${ref}'`)
    return relation
  }
  const truths = spec.truth?.units
    ? await existingRelations(warehouse, [
        { schema: 'truth', identifier: spec.truth.units.table } as Relation,
      ])
    : []
  const { data, population } = await warehouse.withSession(async (session) => {
    const context = { session, relationOf, job: node }
    const graph = graphOf(spec)
    const columns = await causalColumns(spec, graph, context)
    const source = causalSource(spec, relationOf(spec.data.ref), columns)
    const data = await fetchCausalData(spec, graph, columns, source, context, true)
    const known = truths.length > 0 ? await knownPopulation(session, node, data) : null
    return { data, population: known ?? imputedPopulation(spec, data) }
  })
  if ('refused' in population) return { question, refused: population.refused }
  const units = Math.min(request.units, population.rows.n)
  const { replications, seed } = request
  const { graph, facts, design, leftOut } = data
  const input = { spec, data: { graph, facts, design, leftOut }, population, seed, units }
  const audit = await auditCausal(input, replications, threads)
  return { question, units, ciLevel: spec.ciLevel, replications, seed, isKnown: population.isKnown, ...audit }
}

/** What the generator wrote of the units, for the one outcome that it wrote it of. */
async function knownPopulation(
  session: Session,
  { spec }: CausalNode,
  { rows }: CausalData,
): Promise<AuditedPopulation | null> {
  const truth = spec.truth!.units!
  const [outcome] = spec.outcomes
  if (!rows || !outcome || spec.outcomes.length > 1) return null
  const column = (name: string) => sql`truth.${sql.ident(name)}`
  // Yes and no count as 1 and 0.
  const number = (name: string) =>
    sql`case ${column(name)}::text when 'true' then 1 when 'false' then 0 else ${column(name)}::text::float8 end`
  const { rows: found } = await session.query<{ key: string; e: number; without: number; with: number }>(sql`
    select
      ${column(truth.unit)}::text as key,
      ${column(truth.propensity)}::float8 as e,
      ${number(truth.without)} * ${truth.scale}::float8 as without,
      ${number(truth.with)} * ${truth.scale}::float8 as with
    from ${relationIdent({ schema: 'truth', identifier: truth.table } as Relation)} as truth`)
  const byKey = new Map(found.map((row) => [row.key, row]))
  if (rows.keys.some((key) => !byKey.has(key))) return null
  const values = (of: 'e' | 'without' | 'with') => Float64Array.from(rows.keys, (key) => byKey.get(key)![of])
  return {
    rows,
    propensity: values('e'),
    outcomes: [{ outcome: outcome.name, without: values('without'), with: values('with') }],
    isKnown: true,
  }
}
