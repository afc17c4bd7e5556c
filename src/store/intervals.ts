import { type BuiltInterval, changedLedger, type IntervalChange } from '../core/intervals.ts'
import { type Relation, relationKey } from '../core/node.ts'
import { type Session, type SQLQuery, sql } from '../warehouse/index.ts'
import { hasTable } from './has-table.ts'

/*
 * The interval ledger: which times a table holds and which version of its model built them. It changes in the
 * transaction that changes the table. What it says is about one table and not about a name, so that it says nothing of
 * a table that somebody else has put there.
 */

/** What a publication says of a table's times; null for nothing. */
export interface LedgerChange {
  readonly relation: Relation
  readonly change: IntervalChange | null
}

/** The ledgers of all tables that have one, by relation key; none before the first run. */
export async function readLedgers(session: Session): Promise<Ledgers> {
  return (await hasTable(session, 'ledgers')) ? ledgersWhere(session, sql`true`) : new Map()
}

type Ledgers = ReadonlyMap<string, readonly BuiltInterval[]>

/**
 * Notes what publications made of their tables. Call it in their transaction, when everything stands where it is to
 * stand. A table about whose times a publication says nothing loses its ledger.
 */
export async function recordIntervals(session: Session, changes: readonly LedgerChange[]): Promise<void> {
  if (changes.length === 0) return
  const isConcerned = sql`(ledgers.schema_name, ledgers.relation_name) in (${namesOf(changes)})`
  const timed = changes.flatMap(({ relation, change }) => (change ? [{ relation, change }] : []))
  const before = timed.length > 0 ? await ledgersWhere(session, isConcerned) : new Map()
  // Ledgers of tables that somebody has dropped go along: who reads them would be misled.
  await session.query(sql`
    delete from estimand.ledgers
    where ${isConcerned} or not exists (select from pg_catalog.pg_class where oid = relation_oid)`)
  if (timed.length === 0) return
  await session.query(sql`
    insert into estimand.ledgers (schema_name, relation_name, relation_oid)
    select n.nspname, c.relname, c.oid
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where (n.nspname, c.relname) in (${namesOf(timed)})`)
  await insertIntervals(
    session,
    timed.flatMap(({ relation, change }) =>
      changedLedger(before.get(relationKey(relation)) ?? null, change).map((one) => ({ ...one, relation })),
    ),
  )
}

/** A clock that is ahead must not make the future look built: what the server's has not reached is left out. */
async function insertIntervals(
  session: Session,
  intervals: readonly (BuiltInterval & { readonly relation: Relation })[],
): Promise<void> {
  const rows = intervals.map(({ relation, from, to, fingerprint }) => ({
    schema_name: relation.schema,
    relation_name: relation.identifier,
    from_time: from,
    to_time: to,
    fingerprint,
  }))
  await session.query(sql`
    with reached as (
      select date_trunc('milliseconds', clock_timestamp()) as time
    )
    insert into estimand.intervals (schema_name, relation_name, from_time, to_time, fingerprint)
    select schema_name, relation_name, from_time, least(to_time, reached.time), fingerprint
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as interval (
      schema_name text, relation_name text, from_time timestamptz, to_time timestamptz, fingerprint text
    )
    cross join reached
    where from_time < reached.time`)
}

/** A ledger counts for the table that it was written about, and not for another of its name. */
async function ledgersWhere(session: Session, condition: SQLQuery): Promise<Ledgers> {
  const { rows } = await session.query<{
    schema_name: string
    relation_name: string
    intervals: BuiltInterval[] | null
  }>(sql`
    select
      ledgers.schema_name,
      ledgers.relation_name,
      json_agg(
        json_build_object(
          'from', ${isoTime(sql`intervals.from_time`)},
          'to', ${isoTime(sql`intervals.to_time`)},
          'fingerprint', intervals.fingerprint
        ) order by intervals.from_time
      ) filter (where intervals.from_time is not null) as intervals
    from estimand.ledgers
    join pg_catalog.pg_class c on c.oid = ledgers.relation_oid and c.relname = ledgers.relation_name
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = ledgers.schema_name
    left join estimand.intervals using (schema_name, relation_name)
    where ${condition}
    group by ledgers.schema_name, ledgers.relation_name`)
  return new Map(
    rows.map((row) => [
      relationKey({ schema: row.schema_name, identifier: row.relation_name }),
      row.intervals ?? [],
    ]),
  )
}

/** As `toISOString` writes it. */
function isoTime(time: SQLQuery): SQLQuery {
  return sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

function namesOf(relations: readonly Pick<LedgerChange, 'relation'>[]): SQLQuery {
  const names = relations.map(({ relation: { schema, identifier } }) => [schema, identifier])
  return sql`select name ->> 0, name ->> 1 from jsonb_array_elements(${JSON.stringify(names)}::jsonb) as name`
}
