import { Worker } from 'node:worker_threads'

/*
 * Work in numbered shares, each of which comes to the same whoever does it: several threads take the next one until none is
 * left, so that their number makes no difference to the result.
 */

/** What a thread is given. */
export interface SharedWork<Input> {
  readonly input: Input
  readonly shares: number
  /** The place of the next share; all threads count it up. */
  readonly next: Int32Array
}

/** A share that a thread has done. */
export interface DoneShare<Done> {
  readonly index: number
  readonly done: Done
}

export interface ShareOptions<Done> {
  /** The compiled module that does shares, below `jobs/`. */
  readonly worker: string
  readonly shares: number
  readonly threads: number
  /** Told of each share, in any order. */
  readonly take: (index: number, done: Done) => void
}

/** Does all shares on threads of their own; rejects when one of them fails, and leaves no thread behind. */
export async function shareWork<Input, Done>(
  input: Input,
  { worker, shares, threads, take }: ShareOptions<Done>,
): Promise<void> {
  const work: SharedWork<Input> = { input, shares, next: new Int32Array(new SharedArrayBuffer(4)) }
  const count = Math.min(threads, shares)
  const workers = Array.from({ length: count }, () => startWorker(worker, work, take))
  try {
    await Promise.all(workers.map(({ ended }) => ended))
  } finally {
    await Promise.all(workers.map((each) => each.worker.terminate()))
  }
}

function startWorker<Input, Done>(
  path: string,
  workerData: SharedWork<Input>,
  take: (index: number, done: Done) => void,
): { readonly worker: Worker; readonly ended: Promise<void> } {
  // The same file from source, in dist/ and in the bundle: threads run what is built.
  const worker = new Worker(new URL(`../../../dist/jobs/${path}`, import.meta.url), { workerData })
  worker.on('message', ({ index, done }: DoneShare<Done>) => take(index, done))
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`the thread ${path} ended with code ${code}`)),
    )
  })
  return { worker, ended }
}
