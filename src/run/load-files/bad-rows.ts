import { cutToFit } from '../../core/cut-to-fit.ts'
import type { BadRowPolicy } from '../../core/load-spec.ts'
import type { Relation } from '../../core/node.ts'
import { type ColumnDefinition, relationIdent, type Session, sql } from '../../warehouse/index.ts'
import type { BadRecord } from './copy-records.ts'
import { textOfBytes } from './text-of-bytes.ts'

/*
 * What becomes of rows that do not fit: they are counted, kept in a table where they are to be, and end the load when
 * there are more of them than there may be.
 */

/** A row in the quarantine. */
export interface BadRow {
  readonly file: string
  readonly line: number
  readonly column: string | null
  readonly reason: string
  readonly raw: string
}

/** The columns of a quarantine, which stands beside the table. */
export const quarantineColumns: readonly ColumnDefinition[] = [
  { name: 'run_id', type: 'uuid' },
  { name: 'load', type: 'text' },
  { name: 'file', type: 'text' },
  { name: 'line', type: 'bigint' },
  { name: 'column_name', type: 'text' },
  { name: 'reason', type: 'text' },
  { name: 'raw', type: 'text' },
]

/** Where the bad rows of a table are kept. */
export function quarantineOf({ schema, identifier }: Relation): Relation {
  const ending = '__bad_rows'
  return { schema, identifier: `${cutToFit(identifier, ending.length)}${ending}` }
}

/** More bad rows than there may be. */
export class TooManyBadRowsError extends Error {
  readonly examples: readonly BadRow[]

  constructor(message: string, examples: readonly BadRow[]) {
    super(message)
    this.examples = examples
  }
}

export interface BadRowsOptions {
  readonly policy: BadRowPolicy
  /** Of files: for raw texts. */
  readonly encoding: string
  readonly runId: string
  readonly load: string
  /** Where they are kept until they are published; undefined where they are not. */
  readonly quarantine: Relation | undefined
}

/** Takes note of bad rows. */
export interface BadRows {
  readonly count: number
  /** Throws when there are too many; `rows` is how many rows there are so far, and about how many there will be. */
  add(
    session: Session,
    file: string,
    bad: readonly BadRecord[],
    rows: { readonly sofar: number; readonly expected: number | null },
  ): Promise<void>
  /** Throws when there are too many among all rows. */
  check(rows: number): void
}

const mostExamples = 5
/** So many rows are sent together. */
const batchRows = 1000
/** Before all is read, a share is a guess: it has to be twice too large, and more than chance. */
const leastForGuess = 1000

export function makeBadRows({ policy, encoding, runId, load, quarantine }: BadRowsOptions): BadRows {
  const { onBadRow, limit } = policy
  const examples: BadRow[] = []
  let count = 0
  const refuse = (message: string): never => {
    throw new TooManyBadRowsError(message, examples)
  }
  const most = onBadRow === 'fail' ? 0 : limit && 'rows' in limit ? limit.rows : undefined
  const share = limit && 'share' in limit ? limit.share : undefined
  return {
    get count() {
      return count
    },
    async add(session, file, bad, { sofar, expected }) {
      if (bad.length === 0) return
      count += bad.length
      const rows = bad.map(
        ({ line, column, reason, raw }): BadRow => ({
          file,
          line,
          column,
          reason: reason.replaceAll('\0', '\ufffd'),
          raw: textOfBytes(raw, encoding),
        }),
      )
      examples.push(...rows.slice(0, mostExamples - examples.length))
      if (most !== undefined && count > most)
        refuse(
          onBadRow === 'fail'
            ? 'a row does not fit the table'
            : `${count} rows are bad, and ${most} may be (bad_row_limit)`,
        )
      if (share !== undefined && expected !== null && count >= leastForGuess)
        if (count > 2 * share * Math.max(expected, sofar))
          refuse(`${count} of ${sofar} rows so far are bad, and ${percent(share)} may be (bad_row_limit)`)
      if (quarantine)
        for (let from = 0; from < rows.length; from += batchRows)
          await insertRows(session, quarantine, { runId, load }, rows.slice(from, from + batchRows))
    },
    check(rows) {
      if (share !== undefined && count > share * rows)
        refuse(`${count} of ${rows} rows are bad, and ${percent(share)} may be (bad_row_limit)`)
    },
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`
}

async function insertRows(
  session: Session,
  quarantine: Relation,
  { runId, load }: { readonly runId: string; readonly load: string },
  rows: readonly BadRow[],
): Promise<void> {
  await session.query(sql`
    insert into ${relationIdent(quarantine)} (run_id, load, file, line, column_name, reason, raw)
    select ${runId}, ${load}, file, line, "column", reason, raw
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (
      file text, line bigint, "column" text, reason text, raw text
    )`)
}
