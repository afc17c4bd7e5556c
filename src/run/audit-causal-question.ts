import { graphOf } from '../core/causal-graph/plan-identification.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Relation } from '../core/node.ts'
import { auditCausal, type CausalAuditThreads } from '../jobs/causal/audit/audit-causal.ts'
import { type AuditedPopulation, imputedPopulation } from '../jobs/causal/audit/audited-population.ts'
import type { ReportedCausalAudit } from '../jobs/causal/audit/causal-audit-report.ts'
import type { CausalData } from '../jobs/causal/causal-data.ts'
import { causalSource } from '../jobs/causal/data/causal-source.ts'
import { causalColumns } from '../jobs/causal/data/causal-variables.ts'
import { fetchCausalData } from '../jobs/causal/data/fetch-causal-data.ts'
import { existingRelations, type Session, type Warehouse } from '../warehouse/index.ts'
import type { CausalNode } from './causal-standing.ts'
import { readUnitTruths, type UnitTruth } from './causal-truth.ts'
import { relationOfJob } from './job-standing.ts'

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
  const relationOf = (ref: string): Relation => relationOfJob(manifest, node, ref)
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

/** What the generator wrote of the units, where it wrote of all of them and of every outcome. */
async function knownPopulation(
  session: Session,
  { spec }: CausalNode,
  { rows }: CausalData,
): Promise<AuditedPopulation | null> {
  const truth = spec.truth!.units!
  const places = spec.outcomes.map(({ name }) => truth.outcomes.findIndex(({ outcome }) => outcome === name))
  if (!rows || places.includes(-1)) return null
  const byKey = new Map((await readUnitTruths(session, truth)).map((unit) => [unit.key, unit]))
  const units = rows.keys.map((key) => byKey.get(key))
  if (units.includes(undefined)) return null
  const values = (of: (unit: UnitTruth) => number) => Float64Array.from(units, (unit) => of(unit!))
  return {
    rows,
    propensity: values(({ propensity }) => propensity),
    outcomes: spec.outcomes.map(({ name: outcome }, index) => ({
      outcome,
      without: values(({ potential }) => potential[places[index]!]![0]),
      with: values(({ potential }) => potential[places[index]!]![1]),
    })),
    isKnown: true,
  }
}
