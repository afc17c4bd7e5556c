import { Worker } from 'node:worker_threads'
import { type Audit, auditOf } from './audit-methods.ts'
import { type AuditShare, auditShare, type Share, sharesOf } from './audit-share.ts'
import { type AuditInput, analyseAs } from './audited-spec.ts'

/** What a thread is given: the audit, and where it finds the next share to do. */
export interface AuditThread {
  readonly input: AuditInput
  readonly shares: readonly Share[]
  /** The place of the next share; all threads count it up. */
  readonly next: Int32Array
}

/** A share that a thread has done. */
export interface DoneShare {
  readonly index: number
  readonly share: AuditShare
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
  const take = ({ index, share }: DoneShare): void => {
    done[index] = share
    const { from, to } = shares[index]!
    replications += to - from
    progress(replications, total)
  }
  const count = Math.min(threads, shares.length)
  if (count <= 1) {
    const analyse = analyseAs(input)
    for (const [index, share] of shares.entries())
      take({ index, share: auditShare(input.population, input.plan, analyse, share) })
    return auditOf(done)
  }
  const thread: AuditThread = { input, shares, next: new Int32Array(new SharedArrayBuffer(4)) }
  const workers = Array.from({ length: count }, () => startWorker(thread, take))
  try {
    await Promise.all(workers.map(({ ended }) => ended))
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.terminate()))
  }
  return auditOf(done)
}

function startWorker(
  workerData: AuditThread,
  take: (share: DoneShare) => void,
): { readonly worker: Worker; readonly ended: Promise<void> } {
  // The same file from source, in dist/ and in the bundle: threads run what is built.
  const worker = new Worker(new URL('../../../dist/jobs/audit/audit-worker.js', import.meta.url), {
    workerData,
  })
  worker.on('message', take)
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a thread of the audit ended with code ${code}`)),
    )
  })
  return { worker, ended }
}
