import { parentPort, workerData } from 'node:worker_threads'
import type { AuditThread, DoneShare } from './audit-in-threads.ts'
import { auditShare } from './audit-share.ts'
import { analyseAs } from './audited-spec.ts'

/* A thread that does shares of an audit until none is left. */

const { input, shares, next } = workerData as AuditThread
const analyse = analyseAs(input)
for (let index = Atomics.add(next, 0, 1); index < shares.length; index = Atomics.add(next, 0, 1)) {
  const share = auditShare(input.population, input.plan, analyse, shares[index]!)
  parentPort!.postMessage({ index, share } satisfies DoneShare)
}
