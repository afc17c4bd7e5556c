import { type SQLQuery, sql } from '../../src/warehouse/index.ts'
import { furtherTables, relations, schema } from './fault-project.ts'

/*
 * What readers find, looked at in one statement and so in one snapshot, and what they are to find when just these runs
 * were published.
 */

/** Runs a statement on a database. */
export type Rows = (query: SQLQuery) => Promise<Record<string, unknown>[]>

const table = (name: string): SQLQuery => sql.ident(schema, name)

const rowsOf = (columns: SQLQuery, from: SQLQuery, order: SQLQuery): SQLQuery =>
  sql`(select coalesce(jsonb_agg(to_jsonb(r) order by ${order}), '[]') from (select ${columns} from ${from}) as r)`

/** Tables, views and the store, as one document. */
const stateQuery = sql`
  select jsonb_build_object(
    'numbers', ${rowsOf(sql`item, run_number`, table('numbers'), sql`item`)},
    'events', (select count(*) from ${table('events')}),
    'stg_numbers', ${rowsOf(sql`item, run_number`, table('stg_numbers'), sql`item`)},
    'totals', ${rowsOf(sql`run_number, items, seed_number`, table('totals'), sql`run_number`)},
    'items', ${rowsOf(sql`item, run_number`, table('items'), sql`item`)},
    'report', ${rowsOf(sql`code_number, run_number`, table('report'), sql`run_number`)},
    'filled', ${rowsOf(sql`item, run_number`, table('filled'), sql`item`)},
    'slots', ${rowsOf(sql`slot, run_number`, table('slots'), sql`slot`)},
    'log', (select jsonb_agg(run_number order by run_number) from ${table('log')}),
    'years', (select jsonb_agg(run_number order by id) from ${table('years')}),
    'spans', (select jsonb_agg(run_number order by day) from ${table('spans')}),
    'players', (select count(*) from ${table('players')}),
    'score', (select round(estimate::numeric, 6) from ${table('score')} where method = 'difference_in_means'),
    'history', (
      select jsonb_object_agg(item, versions)
      from (
        select item, jsonb_agg(run_number order by dbt_valid_from, run_number) as versions
        from ${table('item_history')}
        group by item
      ) as versions
    ),
    'current', (
      select jsonb_agg(run_number order by item) from ${table('item_history')} where dbt_valid_to is null
    ),
    'history_gaps', (
      select count(*)
      from (
        select dbt_valid_to, lead(dbt_valid_from) over (partition by item order by dbt_valid_from) as next
        from ${table('item_history')}
      ) as version
      where dbt_valid_to is distinct from next
    ),
    'others', (select count(*) from bi.of_others),
    'run_ids', (
      select jsonb_agg(distinct run_id)
      from (
        select run_id from ${table('totals')}
        union all select run_id from ${table('items')}
        union all select run_id from ${table('report')}
        union all select run_id::text from ${table('score')}
        -- The seed of events never changes: the first run that published it goes on being the one that made it.
        union all select run_id::text from estimand.publications where relation_name <> 'events'
      ) as everywhere
    ),
    'publications', (select count(*) from estimand.publications where relation_name not like ${furtherTables}),
    'definitions', (select count(*) from estimand.definitions where relation_name not like ${furtherTables}),
    'published_runs', (select count(*) from estimand.runs where published_at is not null),
    'newest_is_live', (
      select run_id = (select totals.run_id from ${table('totals')} as totals)::uuid
      from estimand.runs where published_at is not null order by started_at desc limit 1
    ),
    'ledgers', (
      select count(*)
      from estimand.ledgers
      where relation_oid = to_regclass(format('%I.%I', schema_name, relation_name))
    ),
    'ledger_gaps', (
      select count(*)
      from (
        select to_time, lead(from_time) over (partition by relation_name order by from_time) as next
        from estimand.intervals
      ) as interval
      where to_time <> next
    )
  ) as state`

export type PublishedState = Readonly<Record<string, unknown>>

/** What readers find now. */
export async function readState(rows: Rows): Promise<PublishedState> {
  const [row] = await rows(stateQuery)
  const { run_ids: runIds, ...state } = row!['state'] as Record<string, unknown>
  return { ...state, run_ids: (runIds as unknown[]).length }
}

/** The number of the run whose relations are live, by the table that is read first. */
export function liveRun(state: PublishedState): number {
  return (state['totals'] as { run_number: number }[])[0]!.run_number
}

/** What is to be found after runs with these numbers were published, in this order, and no others. */
export function stateAfter(published: readonly number[]): PublishedState {
  const first = published[0]!
  const last = published.at(-1)!
  const items = [1, 2, 3]
  const ofItems = items.map((item) => ({ item, run_number: last }))
  const slots = [...new Map(published.map((run) => [run % 3, run]))].sort(([a], [b]) => a - b)
  // Of the three years only the newest is among those that every run builds again.
  const years = [first, first, last]
  return {
    numbers: ofItems,
    events: 3,
    stg_numbers: ofItems,
    totals: [{ run_number: last, items: 3, seed_number: last }],
    items: ofItems,
    report: [{ code_number: last, run_number: last }],
    filled: ofItems,
    slots: slots.map(([slot, run]) => ({ slot, run_number: run })),
    log: [...published],
    years,
    spans: years,
    players: 200,
    score: last,
    history: Object.fromEntries(items.map((item) => [item, [...published]])),
    current: items.map(() => last),
    history_gaps: 0,
    others: 3,
    run_ids: 1,
    publications: relations.length,
    definitions: relations.length,
    published_runs: published.length,
    newest_is_live: true,
    ledgers: 2,
    ledger_gaps: 0,
  }
}

/** A view of somebody else on two of our tables, which has to survive everything. */
export const viewOfOthers = [
  sql`create schema bi`,
  sql`create view bi.of_others as
    select items.item, totals.run_number
    from ${table('items')} as items
    join ${table('totals')} as totals using (run_number, run_id)`,
]

/** What runs leave behind; all of it is to be nothing when a run has ended well. */
export async function readLeftovers(rows: Rows): Promise<PublishedState> {
  const [row] = await rows(sql`
    select
      (select count(*)::int from pg_catalog.pg_namespace where starts_with(nspname, 'estimand_build')) as schemas,
      (select count(*)::int from estimand.runs where status = 'running') as running,
      (select count(*)::int from estimand.runs where status = 'success' and published_at is null) as unpublished,
      (select count(*)::int from estimand.leases where superseded_by is null) as leases,
      (select count(*)::int from estimand.kept_builds) as kept,
      (
        select count(*)::int
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname in (${schema}, 'bi') and c.relkind in ('r', 'v', 'm')
          and c.relname <> all(${[...relations, 'of_others']}::text[])
          and c.relname not like ${furtherTables}
      ) as strangers,
      (
        select count(*)::int
        from pg_catalog.pg_locks l
        join pg_catalog.pg_stat_activity a on a.pid = l.pid
        -- The server's own, such as autovacuum, come and go.
        where a.datname = current_database() and a.backend_type = 'client backend' and l.locktype <> 'virtualxid'
          and a.application_name <> 'faults'
      ) as locks,
      (select count(*)::int from pg_catalog.pg_prepared_xacts where database = current_database()) as prepared`)
  return row!
}

/** Nothing. */
export const noLeftovers = {
  schemas: 0,
  running: 0,
  unpublished: 0,
  leases: 0,
  kept: 0,
  strangers: 0,
  locks: 0,
  prepared: 0,
}
