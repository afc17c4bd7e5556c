import type { Manifest } from '../core/manifest.ts'
import type { Relation } from '../core/node.ts'
import type { AuditedEstimator } from '../jobs/causal/audit/audit-causal.ts'
import type { ReportedCausalAudit } from '../jobs/causal/audit/causal-audit-report.ts'
import { auditDid } from '../jobs/did/audit/audit-did.ts'
import { fetchDidData } from '../jobs/did/data/fetch-did-data.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CausalAuditRequest } from './audit-causal-question.ts'
import { type JobOfKind, relationOfJob } from './job-standing.ts'

/** Reads the published panel of a difference in differences and audits its estimators. */
export async function auditDidQuestion(
  warehouse: Warehouse,
  manifest: Manifest,
  node: JobOfKind<'did'>,
  request: CausalAuditRequest,
  progress: (done: number, of: number) => void,
): Promise<ReportedCausalAudit | { readonly question: string; readonly refused: string }> {
  const { spec, name: question } = node
  const relationOf = (ref: string): Relation => relationOfJob(manifest, node, ref)
  const data = await warehouse.withSession((session) =>
    fetchDidData(spec, { session, relationOf, job: node }, true),
  )
  if ('refused' in data) return { question, refused: data.refused }
  const { replications, seed } = request
  const units = spec.cluster === undefined ? Math.min(request.units, data.facts.units) : data.facts.units
  const estimators: AuditedEstimator[] = []
  for (const outcome of data.outcomes) {
    const found = auditDid(spec, data.facts, outcome, { replications, seed, units, progress })
    if ('refused' in found) return { question, refused: found.refused }
    estimators.push(...found)
  }
  return {
    ...{
      question,
      units,
      ciLevel: spec.ciLevel,
      replications,
      seed,
      isKnown: false,
      estimators,
      refuters: [],
    },
    drawn: 'drawn anew with replacement, with their dates, on trends made parallel',
  }
}
