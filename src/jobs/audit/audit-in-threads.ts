import { shareWork } from '../threads/share-work.ts'
import { type Audit, auditOf } from './audit-methods.ts'
import type { AuditShare, Share } from './audit-share.ts'
import { type AuditTask, shareWorker, taskShares } from './audit-task.ts'

/** What a thread is given. */
export interface AuditThread {
  readonly task: AuditTask
  readonly shares: readonly Share[]
}

/** How an audit is carried out. */
export interface AuditThreads {
  readonly threads: number
  readonly progress?: (done: number, of: number) => void
}

/** Carries out an audit on several threads; whatever their number, every digit is the same. */
export async function auditInThreads(
  task: AuditTask,
  { threads, progress = () => {} }: AuditThreads,
): Promise<Audit> {
  const shares = taskShares(task)
  const done: AuditShare[] = []
  let replications = 0
  const total = shares.reduce((sum, { from, to }) => sum + to - from, 0)
  const take = (index: number, share: AuditShare): void => {
    done[index] = share
    const { from, to } = shares[index]!
    replications += to - from
    progress(replications, total)
  }
  const analyse = Math.min(threads, shares.length) > 1 ? null : auditShares({ task, shares })
  if (analyse) for (const index of shares.keys()) take(index, analyse(index))
  else {
    const work: AuditThread = { task, shares }
    await shareWork(work, { worker: 'audit/audit-worker.js', shares: shares.length, threads, take })
  }
  return auditOf(done)
}

/** Does shares of an audit by their places. */
export function auditShares({ task, shares }: AuditThread): (index: number) => AuditShare {
  const work = shareWorker(task)
  return (index) => work(shares[index]!)
}
