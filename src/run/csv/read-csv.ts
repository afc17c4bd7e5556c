import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { parse } from 'csv-parse'
import { makeProblem, ProblemError } from '../../core/problem.ts'

/*
 * A CSV as people and programs write it: with or without a byte order mark, with lines that end in any way, with
 * empty lines in between or at the end, with rows that lack their last fields. Values are text; what is null is
 * decided by `isNullText`.
 */

/** How a file is written. */
export interface CsvStyle {
  readonly delimiter: string
  /**
   * A quote in a value that does not begin with one is part of it, as in Python: `{ "a": 1 }`; an empty line is a row
   * of nulls.
   */
  readonly likeDbt?: boolean
}

/** The rows of a file, the header first, read in constant memory. */
export function csvRows(file: string, { delimiter, likeDbt = false }: CsvStyle): AsyncIterable<string[]> {
  const options = {
    delimiter,
    bom: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count_less: true,
    skip_empty_lines: !likeDbt,
    relax_quotes: likeDbt,
  }
  const text = createReadStream(file)
  return (likeDbt ? text.pipe(plainLineEnds()) : text).pipe(parse(options)) as AsyncIterable<string[]>
}

const [lineFeed, carriageReturn] = [10, 13]

/** Makes every line end, also one within quotes, a line feed: Python reads texts so. */
function plainLineEnds(): Transform {
  let endsInReturn = false
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const isSplit = endsInReturn && chunk[0] === lineFeed
      endsInReturn = chunk.at(-1) === carriageReturn
      const rest = isSplit ? chunk.subarray(1) : chunk
      if (!rest.includes(carriageReturn)) return done(null, rest)
      // Every byte of UTF-8 that is none of ASCII stays what it is.
      done(null, Buffer.from(rest.toString('latin1').replace(/\r\n?/g, '\n'), 'latin1'))
    },
  })
}

/** Whether a value stands for null; for dbt also one of nothing but white space. */
export function isNullText(value: string, { likeDbt }: Pick<CsvStyle, 'likeDbt'>): boolean {
  const text = likeDbt ? value.trim() : value
  return text === '' || text.toLowerCase() === 'null'
}

/** The rows below the header as COPY reads them: quoted, nulls empty, one cell for each column, cleaned as it asks. */
export async function* copyLines(
  file: string,
  style: CsvStyle,
  columns: readonly { readonly clean?: (value: string) => string }[],
): AsyncGenerator<string> {
  let isHeader = true
  for await (const row of csvRows(file, style)) {
    if (isHeader) {
      isHeader = false
      continue
    }
    const cells = columns.map(({ clean }, column) => copyCell(row[column] ?? '', clean, style))
    yield `${cells.join(',')}\n`
  }
}

function copyCell(value: string, clean: ((value: string) => string) | undefined, style: CsvStyle): string {
  if (isNullText(value, style)) return ''
  const text = clean ? clean(value) : value
  return `"${text.replaceAll('"', '""')}"`
}

/** What is wrong with a file, at its line. */
export function csvError(error: unknown, shownPath: string): ProblemError {
  if (error instanceof ProblemError) return error
  const { message, lines } = error as Error & { readonly lines?: number }
  const place = { file: shownPath, line: lines ?? 1, column: 1 }
  return new ProblemError(makeProblem('load-failed', `this is no CSV: ${message}`, { place }), {
    cause: error,
  })
}
