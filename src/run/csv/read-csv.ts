import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { makeProblem, ProblemError } from '../../core/problem.ts'

/*
 * A CSV as people and programs write it: with or without a byte order mark, with lines that end in any way, with
 * empty lines in between or at the end, with rows that lack their last fields. Values are text; what is null is
 * decided by `isNullText`.
 */

/** The rows of a file, the header first, read in constant memory. */
export function csvRows(file: string, delimiter: string): AsyncIterable<string[]> {
  const options = {
    delimiter,
    bom: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count_less: true,
    skip_empty_lines: true,
  }
  return createReadStream(file).pipe(parse(options)) as AsyncIterable<string[]>
}

/** Whether a value stands for null, as in dbt's seeds. */
export function isNullText(value: string): boolean {
  return value === '' || value.toLowerCase() === 'null'
}

/** The rows below the header as COPY reads them: quoted, nulls empty, each as long as the header. */
export async function* copyLines(file: string, delimiter: string, width: number): AsyncGenerator<string> {
  let isHeader = true
  for await (const row of csvRows(file, delimiter)) {
    if (isHeader) {
      isHeader = false
      continue
    }
    const cells = Array.from({ length: width }, (_, column) => copyCell(row[column] ?? ''))
    yield `${cells.join(',')}\n`
  }
}

function copyCell(value: string): string {
  return isNullText(value) ? '' : `"${value.replaceAll('"', '""')}"`
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
