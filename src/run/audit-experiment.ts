import type { ExperimentMethod } from '../core/experiment-spec.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Relation } from '../core/node.ts'
import { type AuditThreads, auditInThreads } from '../jobs/audit/audit-in-threads.ts'
import type { Audit } from '../jobs/audit/audit-methods.ts'
import { auditedPlans } from '../jobs/audit/audited-spec.ts'
import { fetchPopulation } from '../jobs/audit/fetch-population.ts'
import { samplePopulation } from '../jobs/audit/population.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { ExperimentNode } from './experiment-standing.ts'
import { relationOfJob } from './job-standing.ts'

export interface AuditRequest {
  readonly replications: number
  readonly seed: number
  /** True lifts other than none. */
  readonly lifts: readonly number[]
  /** All that sums over units serve, if not given. */
  readonly methods?: readonly ExperimentMethod[]
  /** So many units, drawn by the seed, where there are more. */
  readonly units?: number
}

/** How the methods of one experiment do on data of its own shape. */
export interface ExperimentAudit extends Audit {
  readonly experiment: string
  readonly units: number
  readonly days: number
  readonly ciLevel: number
  readonly request: AuditRequest
}

/** Reads the published units of an experiment and audits its methods on them. */
export async function auditExperiment(
  warehouse: Warehouse,
  manifest: Manifest,
  node: ExperimentNode,
  request: AuditRequest,
  threads: AuditThreads,
): Promise<ExperimentAudit> {
  const { spec } = node
  const relationOf = (ref: string): Relation => relationOfJob(manifest, node, ref)
  const whole = await warehouse.withSession((session) =>
    fetchPopulation(spec, { session, relationOf, job: node }),
  )
  const population = samplePopulation(whole, request.units ?? Infinity, request.seed)
  const [treatment] = spec.treatments
  const arms = [spec.control, treatment!].map((name) => ({ name, share: spec.expectedWeights[name]! }))
  const { replications, seed, lifts, methods } = request
  const plan = { arms, replications, seed, lifts: [0, ...lifts], ciLevel: spec.ciLevel }
  const plans = auditedPlans(spec, population)
  const audit = await auditInThreads(
    { kind: 'units', input: { population, spec, methods, plans, plan } },
    threads,
  )
  return {
    experiment: node.name,
    units: population.units,
    days: population.days.length,
    ciLevel: spec.ciLevel,
    request,
    ...audit,
  }
}
