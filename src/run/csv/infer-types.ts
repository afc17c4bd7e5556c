import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { makeProblem, type Place, ProblemError } from '../../core/problem.ts'

/*
 * The types of a CSV's columns, from all of its values: the narrowest of integer, bigint, float8, boolean, date,
 * timestamp that every value fits, and text for the rest. An empty field is null and fits everything.
 */

export interface CsvColumn {
  readonly name: string
  readonly type: string
}

interface Candidate {
  readonly type: string
  readonly fits: (value: string) => boolean
}

const maxInt4 = 2147483647
// A leading zero is part of a code (a postcode, a product number), not of a number.
const wholeNumber = /^[+-]?(?:0|[1-9]\d*)$/

/** Narrowest first; a column takes the first that all its values fit. */
const candidates: readonly Candidate[] = [
  { type: 'boolean', fits: (value) => /^(?:true|false)$/i.test(value) },
  { type: 'integer', fits: (value) => wholeNumber.test(value) && Math.abs(Number(value)) <= maxInt4 },
  { type: 'bigint', fits: (value) => wholeNumber.test(value) && value.replace(/^[+-]/, '').length <= 18 },
  {
    type: 'float8',
    fits: (value) => /^[+-]?(?:0|[1-9]\d*)?(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value) && /\d/.test(value),
  },
  { type: 'date', fits: (value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && isRealDate(value) },
  {
    type: 'timestamp',
    fits: (value) =>
      /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/.test(value) && isRealDate(value.slice(0, 10)),
  },
  {
    type: 'timestamptz',
    fits: (value) =>
      /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)$/.test(value) &&
      isRealDate(value.slice(0, 10)),
  },
]

/** Reads the file once, in constant memory; throws a problem with the line when it is no CSV. */
export async function inferCsvTypes(
  file: string,
  shownPath: string,
  delimiter: string,
): Promise<CsvColumn[]> {
  const rows = createReadStream(file).pipe(parse({ delimiter, bom: true, relax_column_count: false }))
  let header: string[] | null = null
  let open: Candidate[][] = []
  let seen: boolean[] = []
  try {
    for await (const row of rows as AsyncIterable<string[]>) {
      if (!header) {
        header = row
        open = row.map(() => [...candidates])
        seen = row.map(() => false)
        continue
      }
      row.forEach((value, column) => {
        if (value === '') return
        seen[column] = true
        if (open[column]!.length > 0) open[column] = open[column]!.filter(({ fits }) => fits(value))
      })
    }
  } catch (error) {
    const { message, lines } = error as Error & { lines?: number }
    const place: Place = { file: shownPath, line: lines ?? 1, column: 1 }
    throw new ProblemError(makeProblem('load-failed', `this is no CSV: ${message}`, { place }), {
      cause: error,
    })
  }
  if (!header) {
    const place: Place = { file: shownPath, line: 1, column: 1 }
    throw new ProblemError(
      makeProblem('load-failed', 'the file is empty; its first line names the columns', { place }),
    )
  }
  return header.map((name, column) => ({
    name,
    type: seen[column] ? (open[column]![0]?.type ?? 'text') : 'text',
  }))
}

function isRealDate(value: string): boolean {
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)
}
