import { type Relation, relationKey } from '../core/node.ts'
import type { Premise } from '../core/premise.ts'
import { type Session, sql } from '../warehouse/index.ts'
import { hasTable } from './has-table.ts'

/** What is known of what a relation rests on; null for nothing. */
export interface KnownPremise {
  readonly relation: Relation
  readonly premise: Premise | null
}

/** Notes what published relations rest on; part of the publishing transaction. */
export async function recordPremises(session: Session, known: readonly KnownPremise[]): Promise<void> {
  if (known.length === 0) return
  const rows = known.map(({ relation: { schema, identifier }, premise }) => ({
    schema_name: schema,
    relation_name: identifier,
    known: premise !== null,
    ...(premise && {
      action: premise.action,
      text_hash: premise.text,
      circumstances: premise.circumstances,
      state: premise.state,
      inputs: premise.inputs,
      calls: premise.calls,
      settled: premise.settled,
    }),
  }))
  await session.query(sql`
    with said as materialized (
      select *
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as said (
        schema_name text, relation_name text, known boolean, action text, text_hash text, circumstances text,
        state text, inputs jsonb, calls text[], settled boolean
      )
    ), forgotten as (
      delete from estimand.premises
      using said
      where not said.known
        and premises.schema_name = said.schema_name
        and premises.relation_name = said.relation_name
    )
    insert into estimand.premises
      (schema_name, relation_name, action, text_hash, circumstances, state, inputs, calls, settled)
    select schema_name, relation_name, action, text_hash, circumstances, state, inputs, calls, settled
    from said
    where known
    on conflict (schema_name, relation_name) do update
    set action = excluded.action,
        text_hash = excluded.text_hash,
        circumstances = excluded.circumstances,
        state = excluded.state,
        inputs = excluded.inputs,
        calls = excluded.calls,
        settled = excluded.settled`)
}

/** What published relations rest on, by relation key; none before the first run. */
export async function readPremises(session: Session): Promise<ReadonlyMap<string, Premise>> {
  if (!(await hasTable(session, 'premises'))) return new Map()
  const { rows } = await session.query<Premise & { schema_name: string; relation_name: string }>(sql`
    select
      schema_name, relation_name, action, text_hash as text, circumstances, state, inputs, calls, settled
    from estimand.premises`)
  return new Map(
    rows.map(({ schema_name, relation_name, ...premise }) => [
      relationKey({ schema: schema_name, identifier: relation_name }),
      premise,
    ]),
  )
}
