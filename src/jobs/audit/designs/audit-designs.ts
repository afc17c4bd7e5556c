import { type AuditThreads, auditInThreads } from '../audit-in-threads.ts'
import type { ReportedAudit } from '../audit-report.ts'
import type { DesignPlan } from './audit-design.ts'
import { designs } from './designs.ts'

/** What is asked of made-up experiments. */
export interface DesignRequest extends DesignPlan {
  /** All designs, if not given. */
  readonly names?: readonly string[]
}

/** Audits every method on made-up experiments, for which no warehouse is needed. */
export async function auditDesigns(
  { names, ...plan }: DesignRequest,
  threads: (design: string) => AuditThreads,
): Promise<ReportedAudit[]> {
  const audits: ReportedAudit[] = []
  for (const { name, description, hasNull, spec } of designs) {
    if (names && !names.includes(name)) continue
    const audit = await auditInThreads({ kind: 'design', design: name, plan }, threads(name))
    const looks = Math.max(1, ...audit.peeking.map((row) => row.looks))
    audits.push({
      experiment: name,
      description,
      hasNull,
      days: looks,
      ciLevel: spec.ciLevel,
      request: plan,
      ...audit,
    })
  }
  return audits
}
