import type { Relation } from '../../core/node.ts'
import { columnList, relationIdent } from '../relation-sql.ts'
import type { Session } from '../session.ts'
import { sql } from '../sql.ts'
import { storedColumns, type WrittenRows, writtenByColumn } from './keep-rows.ts'

/*
 * Changes of rows are taken back, the newest first and several at once: what they wrote goes, and what they took the
 * place of comes back, unless one that is taken back as well had written that. A row that comes back is written anew,
 * under another transaction; where a publication had written it that may be taken back later, it is told which.
 */

/** A change of rows, and where those are that it took the place of. */
export interface KeptRows {
  readonly publication: number
  readonly keptAs: Relation
  readonly written: WrittenRows
}

/** That rows of a publication stand under another transaction now. */
export interface Rewritten {
  readonly publication: number
  readonly by: string
}

/**
 * Takes changes back in a table, the newest first; `older` are those that stay, of the same table. Returns null where
 * the rows are not those that the changes left: somebody else has written to them since, and all of it is to be rolled
 * back. In a transaction.
 */
export async function undoRows(
  session: Session,
  table: Relation,
  changes: readonly KeptRows[],
  older: readonly Pick<KeptRows, 'publication' | 'written'>[],
): Promise<readonly Rewritten[] | null> {
  const gone = changes.flatMap(({ written }) => written.by)
  const counts = await takeOut(session, table, gone)
  for (const { keptAs } of changes) await addKept(session, keptAs, counts)
  const isWhole = changes.every(
    ({ written }) => written.rows === sum(written.by.map((by) => counts.get(by) ?? 0)),
  )
  if (!isWhole) return null
  const known = [...gone, ...older.flatMap(({ written }) => written.by)]
  const rewritten: Rewritten[] = []
  for (const { keptAs } of changes) {
    for (const { publication, written } of older) {
      const by = await putBack(session, table, keptAs, { among: written.by })
      if (by !== null) rewritten.push({ publication, by })
    }
    await putBack(session, table, keptAs, { except: known })
  }
  return rewritten
}

/** Deletes the rows that transactions have written; returns how many of each there were. */
async function takeOut(
  session: Session,
  table: Relation,
  writers: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await session.query<{ by: string; n: number }>(sql`
    with gone as (
      delete from ${relationIdent(table)} as dest where dest.xmin = any(${writers}::xid[]) returning dest.xmin
    )
    select xmin::text as by, count(*)::int8 as n from gone group by 1`)
  return new Map(rows.map(({ by, n }) => [by, Number(n)]))
}

/** What a change wrote and a later one replaced is kept with the later one. */
async function addKept(session: Session, keptAs: Relation, counts: Map<string, number>): Promise<void> {
  const { rows } = await session.query<{ by: string; n: number }>(sql`
    select ${sql.ident(writtenByColumn)}::text as by, count(*)::int8 as n
    from ${relationIdent(keptAs)}
    group by 1`)
  for (const { by, n } of rows) counts.set(by, (counts.get(by) ?? 0) + Number(n))
}

/** Writes kept rows into the table again; returns the transaction that did, null where there were none. */
async function putBack(
  session: Session,
  table: Relation,
  keptAs: Relation,
  which: { readonly among: readonly string[] } | { readonly except: readonly string[] },
): Promise<string | null> {
  const columns = columnList(await storedColumns(session, table))
  const by = sql.ident(writtenByColumn)
  const condition =
    'among' in which
      ? sql`${by} = any(${which.among}::xid[])`
      : sql`not (${by} = any(${which.except}::xid[]))`
  // Its own savepoint gives what is written a number of its own.
  await session.query(sql`savepoint put_back`)
  const { rows } = await session.query<{ by: string }>(sql`
    with written as (
      insert into ${relationIdent(table)} (${columns}) overriding system value
      select ${columns} from ${relationIdent(keptAs)} where ${condition}
      returning xmin
    )
    select xmin::text as by from written limit 1`)
  await session.query(sql`release savepoint put_back`)
  return rows[0]?.by ?? null
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
