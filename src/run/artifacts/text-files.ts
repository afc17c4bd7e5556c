import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type TextFile, type TextFileFailure, type TextFileShares, writeShare } from './text-file-share.ts'

/** Fewer files are written sooner than a thread has begun. */
const fewestForThread = 400

/** Writes files, many of them on two threads; of several that cannot be written it throws what is wrong with the first. */
export async function writeTextFiles(
  files: readonly TextFile[],
  threads: number = availableParallelism(),
): Promise<void> {
  const shares: TextFileShares = { files, taken: new SharedArrayBuffer(4) }
  const beside = threads < 2 || files.length < fewestForThread ? null : writeBeside(shares)
  // Files are small: written one after the other they cost less than waiting for each.
  const own = writeShare(shares)
  const failures = [own, await beside].filter((failure) => failure !== null)
  const [first] = failures.sort((a, b) => a.index - b.index)
  if (first) throw Object.assign(new Error(first.message), first.details)
}

function writeBeside(shares: TextFileShares): Promise<TextFileFailure | null> {
  // The same file from source, in dist/ and in the bundle: threads run what is built.
  const module = new URL('../../../dist/run/artifacts/text-files-worker.js', import.meta.url)
  return new Promise((resolve, reject) => {
    // It makes nothing but calls, and a small heap is soon made.
    const resourceLimits = { maxYoungGenerationSizeMb: 2 }
    const worker = new Worker(module, { workerData: shares, resourceLimits })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the thread that writes files ended before it was done')))
  })
}
