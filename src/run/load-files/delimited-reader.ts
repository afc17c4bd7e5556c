import { parse } from 'csv-parse/sync'
import type { FileDialect } from '../../core/load-spec.ts'
import type { FormatReader, ReaderOptions } from './format-reader.ts'
import { type Chunk, recordChunks } from './record-chunks.ts'
import { placesOfRecords } from './scan-records.ts'
import { textOfBytes } from './text-of-bytes.ts'

/** What encloses nothing: quotes are ordinary characters then, and COPY wants one all the same. */
const noQuote = '\x01'

/** Reads CSV and TSV: values are looked at by the server only. */
export function delimitedReader({ format, dialect, positions }: ReaderOptions): FormatReader {
  const delimiter = dialect.delimiter ?? (format === 'tsv' ? '\t' : ',')
  const hasQuote = dialect.quote !== ''
  const quote = hasQuote ? dialect.quote.charCodeAt(0) : undefined
  return {
    quote,
    copy: {
      format: 'csv',
      delimiter,
      quote: hasQuote ? dialect.quote : noQuote,
      nullText: dialect.nullText,
      encoding: dialect.encoding,
    },
    async open(bytes, sizeBytes) {
      const all = recordChunks(bytes, { quote, sizeBytes })
      if (dialect.header === 'none') return { fields: positions, chunks: all }
      const { value: first } = await all.next()
      // An empty file has not even a header: it has no rows.
      if (!first) return { fields: positions, chunks: all }
      const [header] = placesOfRecords(first.bytes, quote)
      const names = first.bytes.subarray(0, header!.end)
      const rest = first.bytes.subarray(header!.end)
      const line = first.line + header!.lines
      return {
        fields: dialect.header === 'skip' ? positions : fieldsOf(names, delimiter, dialect),
        chunks: followed(rest.length > 0 ? { bytes: rest, line } : null, all),
      }
    },
  }
}

function fieldsOf(header: Buffer, delimiter: string, { quote, encoding }: FileDialect): string[] {
  const [fields = []] = parse(textOfBytes(header, encoding), {
    delimiter,
    quote: quote === '' ? null : quote,
    relax_column_count: true,
    skip_empty_lines: true,
    bom: true,
    record_delimiter: ['\r\n', '\n', '\r'],
  }) as string[][]
  return fields.map((field) => field.trim())
}

async function* followed(first: Chunk | null, others: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  if (first) yield first
  yield* others
}
