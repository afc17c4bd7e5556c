import { Worker } from 'node:worker_threads'
import {
  type BootstrapMeans,
  type BootstrapPlan,
  bootstrapMeans,
  meansOfChunks,
  type PreparedBootstrap,
} from '../../stats/index.ts'

/** What a resampling thread is given: the units, shared, and where its sums go. */
export interface ResamplingShare {
  readonly prepared: PreparedBootstrap
  readonly plan: BootstrapPlan
  /** The next chunk to take; all threads count it up. */
  readonly next: Int32Array
  /** Sums of all chunks, one after the other. */
  readonly sums: Float64Array
}

/** Below this many weights × columns a thread costs more than it saves. */
const worthThreads = 20_000_000

/**
 * The means of all replicates, on several threads.
 *
 * Which thread takes which units makes no difference to any digit. `threads` is at most the number of chunks; with one, or with
 * little to do, none is started. A signal ends the threads and rejects with its reason.
 */
export async function resampleMeans(
  prepared: PreparedBootstrap,
  plan: BootstrapPlan,
  { threads, signal }: { readonly threads: number; readonly signal?: AbortSignal },
): Promise<BootstrapMeans> {
  signal?.throwIfAborted()
  const count = Math.min(threads, prepared.chunks.length)
  if (count <= 1 || (prepared.values.length / 4) * plan.replicates < worthThreads)
    return bootstrapMeans(prepared, plan)
  const size = plan.replicates * prepared.width
  const share: ResamplingShare = {
    prepared,
    plan,
    next: new Int32Array(new SharedArrayBuffer(4)),
    sums: new Float64Array(new SharedArrayBuffer(8 * size * prepared.chunks.length)),
  }
  const workers = Array.from({ length: count }, () => startWorker(share))
  const stop = () => Promise.all(workers.map(({ worker }) => worker.terminate()))
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    await Promise.race([Promise.all(workers.map(({ done }) => done)), aborted])
  } finally {
    await stop()
  }
  const sums = prepared.chunks.map((_, index) => share.sums.subarray(index * size, (index + 1) * size))
  return meansOfChunks(prepared, sums, plan)
}

function startWorker(share: ResamplingShare): { readonly worker: Worker; readonly done: Promise<void> } {
  // The same file from source, in dist/ and in the bundle: threads run what is built.
  const worker = new Worker(new URL('../../../dist/jobs/resampling/resampling-worker.js', import.meta.url), {
    workerData: share,
  })
  const done = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a resampling thread ended with code ${code}`)),
    )
  })
  return { worker, done }
}
