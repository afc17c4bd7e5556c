import type { FormatReader } from './format-reader.ts'
import { recordChunks } from './record-chunks.ts'

/**
 * Reads objects in lines. COPY takes each line as one value of a CSV in which nothing separates and encloses values but
 * characters that no JSON holds, so that all others are left as they are; an empty line is null.
 */
export function ndjsonReader(encoding: string): FormatReader {
  return {
    quote: undefined,
    copy: { format: 'csv', delimiter: '\x01', quote: '\x02', nullText: '', encoding },
    open: async (bytes, sizeBytes) => ({
      fields: 'document',
      chunks: recordChunks(bytes, { quote: undefined, sizeBytes }),
    }),
  }
}
