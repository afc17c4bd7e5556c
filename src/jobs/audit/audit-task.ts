import { type AuditShare, auditShare, type Share, sharesOf } from './audit-share.ts'
import { type AuditInput, analyseAs } from './audited-spec.ts'
import { auditDesignShare, type DesignPlan } from './designs/audit-design.ts'
import type { Design } from './designs/design.ts'
import { designs } from './designs/designs.ts'

/** What is audited, as plain data, which threads are given: an experiment's own units, or a made-up design by its name. */
export type AuditTask =
  | { readonly kind: 'units'; readonly input: AuditInput }
  | { readonly kind: 'design'; readonly design: string; readonly plan: DesignPlan }

/** The parts that a task falls into, in the order in which they are merged. */
export function taskShares(task: AuditTask): Share[] {
  if (task.kind === 'units') return sharesOf(task.input.plan)
  return sharesOf({ ...task.plan, lifts: designNamed(task.design).lifts })
}

/** What does one part of a task. */
export function shareWorker(task: AuditTask): (share: Share) => AuditShare {
  if (task.kind === 'units') {
    const { population, plan } = task.input
    const analyse = analyseAs(task.input)
    return (share) => auditShare(population, plan, analyse, share)
  }
  const design = designNamed(task.design)
  return (share) => auditDesignShare(design, task.plan, share)
}

function designNamed(name: string): Design {
  const found = designs.find((design) => design.name === name)
  if (!found) throw new Error(`there is no design '${name}'`)
  return found
}
