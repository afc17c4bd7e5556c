import { shareWork } from '../threads/share-work.ts'
import { type Audit, auditOf } from './audit-methods.ts'
import { type AuditShare, auditShare, type Share, sharesOf } from './audit-share.ts'
import { type AuditInput, analyseAs } from './audited-spec.ts'

/** What a thread is given. */
export interface AuditThread {
  readonly input: AuditInput
  readonly shares: readonly Share[]
}

/** How an audit is carried out. */
export interface AuditThreads {
  readonly threads: number
  readonly progress?: (done: number, of: number) => void
}

/** Audits the methods of an experiment on several threads; whatever their number, every digit is the same. */
export async function auditInThreads(
  input: AuditInput,
  { threads, progress = () => {} }: AuditThreads,
): Promise<Audit> {
  const shares = sharesOf(input.plan)
  const done: AuditShare[] = []
  let replications = 0
  const total = input.plan.lifts.length * input.plan.replications
  const take = (index: number, share: AuditShare): void => {
    done[index] = share
    const { from, to } = shares[index]!
    replications += to - from
    progress(replications, total)
  }
  const analyse = Math.min(threads, shares.length) > 1 ? null : auditShares({ input, shares })
  if (analyse) for (const index of shares.keys()) take(index, analyse(index))
  else {
    const work: AuditThread = { input, shares }
    await shareWork(work, { worker: 'audit/audit-worker.js', shares: shares.length, threads, take })
  }
  return auditOf(done)
}

/** Does shares of an audit by their places. */
export function auditShares({ input, shares }: AuditThread): (index: number) => AuditShare {
  const analyse = analyseAs(input)
  return (index) => auditShare(input.population, input.plan, analyse, shares[index]!)
}
