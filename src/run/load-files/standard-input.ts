import type { FileSource } from './file-source.ts'

/** What is written to the command, once: nothing tells whether it was loaded before. */
export function standardInput(): FileSource {
  return {
    isLasting: false,
    list: async () => [{ address: '-', version: '', open: () => process.stdin }],
  }
}
