import { makeProblem, ProblemError } from '../../core/problem.ts'
import type { FileSource } from './file-source.ts'

/** What is written to the command, once: nothing tells whether it was loaded before. */
export function standardInput(): FileSource {
  return {
    isLasting: false,
    list: async () => [{ address: '-', version: '', open: openOnce }],
  }
}

/** What has been read is gone: another try would load the rest for the whole. */
function openOnce() {
  const { readableDidRead, readableFlowing } = process.stdin
  if (readableDidRead || readableFlowing !== null)
    throw new ProblemError(
      makeProblem('load-failed', 'the standard input was read already, and cannot be read again', {
        hint: 'run the command again; from a file, a load is tried again by itself',
      }),
    )
  return process.stdin
}
