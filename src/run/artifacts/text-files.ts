import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type TextFile, type TextFileFailure, type TextFileShares, writeShare } from './text-file-share.ts'

/** Fewer files are written sooner than a thread has begun. */
const fewestForThread = 400

/**
 * Begins to write files: few of them are written at once, many on another thread while this one does something else.
 * What is given back ends it, together with that thread; of several files that cannot be written it throws what is
 * wrong with the first.
 */
export function beginTextFiles(
  files: readonly TextFile[],
  threads: number = availableParallelism(),
): () => Promise<void> {
  const shares: TextFileShares = { files, taken: new SharedArrayBuffer(4) }
  // Files are small: written one after the other they cost less than waiting for each.
  const written = threads < 2 || files.length < fewestForThread ? writeShare(shares) : undefined
  if (written !== undefined)
    return async () => {
      if (written) throw errorOf(written)
    }
  const beside = writeBeside(shares)
  // Whoever began it may fail before it ends.
  beside.catch(() => {})
  return async () => {
    const own = writeShare(shares)
    const failures = [own, await beside].filter((failure) => failure !== null)
    const [first] = failures.sort((a, b) => a.index - b.index)
    if (first) throw errorOf(first)
  }
}

function errorOf({ message, details }: TextFileFailure): Error {
  return Object.assign(new Error(message), details)
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
