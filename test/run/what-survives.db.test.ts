import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type SQLQuery, sql, unsafeSql } from '../../src/warehouse/index.ts'
import { type Files, withProject } from '../project/temp-project.ts'
import { projectFile } from './project-files.ts'
import { type ProjectRunOptions, runProject, useProjectDatabase } from './run-project.ts'

/*
 * What others hang on the relations of a project, of every kind, outlives a run that changes them: grants, comments,
 * indexes, owners, row security, triggers, rules, replication, and views on them and on each other.
 */

const database = useProjectDatabase()
const run = (files: Files, options: ProjectRunOptions = {}) =>
  withProject({ 'project.yml': projectFile, ...files }, (root) =>
    runProject(root, database.connection, { env: { DATABASE_URL: database.url }, ...options }),
  )
/** What is not well about a run. */
const complaints = ({ result }: Awaited<ReturnType<typeof run>>) => [
  ...result.problems.map(({ message }) => message),
  ...result.results.filter(({ problem }) => problem).map(({ nodeId, message }) => `${nodeId}: ${message}`),
]
const rows = (query: SQLQuery) => database.rows(query)
const execute = async (...statements: readonly string[]) => {
  for (const statement of statements) await rows(unsafeSql(statement))
}

/** The roles of this file, which are the server's and not the database's. */
const roles = ['survives_reader', 'survives_writer', 'survives_owner']

beforeAll(async () => {
  for (const role of roles) await execute(`drop role if exists ${role}`, `create role ${role}`)
})

afterAll(async () => {
  for (const role of roles) await execute(`drop owned by ${role} cascade`, `drop role ${role}`)
})

beforeEach(async () => {
  await execute('drop schema if exists bi cascade', 'drop schema if exists analytics cascade')
  await execute('drop publication if exists everywhere', 'create schema bi')
})

const increment = (name: string, config: string) => ({
  [`models/${name}.sql`]: `{{ config(materialized='incremental', ${config}) }}
select id, {{ var('run') }} as run, timestamptz '2025-01-01' + id * interval '1 day' as at from {{ ref('numbers') }}`,
})

/** One relation of each kind and strategy, all with the columns `id` and `run`. */
const project = (number: number): Files => ({
  'seeds/numbers.csv': `id,run\n1,${number}\n2,${number}\n`,
  'models/kind_table.sql':
    "{{ config(materialized='table', indexes=[{'columns': ['run']}]) }} select id, run from {{ ref('numbers') }}",
  'models/kind_view.sql': "select id, run, {{ var('run') }} as code from {{ ref('kind_table') }}",
  'models/kind_matview.sql':
    "{{ config(materialized='materialized_view') }} select id, run from {{ ref('kind_table') }}",
  ...increment('kind_append', "incremental_strategy='append'"),
  ...increment('kind_merge', "incremental_strategy='merge', unique_key='id'"),
  ...increment('kind_delete_insert', "incremental_strategy='delete+insert', unique_key='id'"),
  ...increment(
    'kind_microbatch',
    "incremental_strategy='microbatch', unique_key='id', event_time='at', begin='2025-01-01', batch_size='year'",
  ),
  ...increment(
    'kind_time_range',
    "incremental_strategy='time_range', event_time='at', begin='2025-01-01', time_grain='year'",
  ),
  'snapshots/kind_snapshot.sql': `{% snapshot kind_snapshot %}
{{ config(unique_key='id', strategy='check', check_cols='all') }} select id, run from {{ ref('kind_table') }}
{% endsnapshot %}`,
  'models/players.sql': `{{ config(materialized='table') }}
select id, case when id % 2 = 0 then 'a' else 'b' end as arm, id % 7 + {{ var('run') }} as score from generate_series(1, 40) as id`,
  'analytics/kind_job.yml': `
kind: experiment
question: Is it so?
units: { model: players, unit: id, arm: arm }
control: a
treatments: [b]
metrics: [{ name: score, kind: mean, column: score, description: Points }]
methods: [difference_in_means]
as_of: '2026-01-01'
`,
})

const tables = ['numbers', 'kind_table', 'kind_job', 'kind_snapshot', 'kind_append', 'kind_merge']
const grown = ['kind_delete_insert', 'kind_microbatch', 'kind_time_range']
const isSwapped = (kind: string) => ['numbers', 'kind_table', 'kind_job'].includes(kind)
const kinds = [...tables, ...grown, 'kind_view', 'kind_matview']
const keyOf = (kind: string) => (kind === 'kind_job' ? 'method' : 'id')

/** Hangs on a relation whatever its kind can carry. */
async function decorate(kind: string): Promise<void> {
  const name = `analytics.${kind}`
  const key = keyOf(kind)
  const word = kind === 'kind_view' ? 'view' : kind === 'kind_matview' ? 'materialized view' : 'table'
  await execute(
    `grant select on ${name} to survives_reader with grant option`,
    `grant update (${key}) on ${name} to survives_writer`,
    `grant select on ${name} to public`,
    `comment on ${word} ${name} is 'of ${kind}'`,
    `comment on column ${name}.${key} is 'the key'`,
    `create view bi.${kind}_one with (security_invoker = true) as select ${key} from ${name}`,
    `create view bi.${kind}_two as select count(*) as n from bi.${kind}_one`,
    `create materialized view bi.${kind}_three as select distinct ${key} from ${name} order by 1`,
    `create unique index ${kind}_three_key on bi.${kind}_three (${key})`,
    `grant select on bi.${kind}_two, bi.${kind}_three to survives_reader`,
    `comment on view bi.${kind}_two is 'how many'`,
  )
  if (word !== 'table')
    await execute(`create rule redirected as on insert to bi.${kind}_one do instead nothing`)
  if (word !== 'view')
    await execute(
      `create index ${kind}_by_hand on ${name} (${key}, (${key} is null)) where ${key} is not null`,
    )
  if (word === 'view')
    await execute(
      `create trigger written instead of insert on ${name} for each row execute function public.nothing()`,
    )
  if (word === 'table')
    await execute(
      `alter table ${name} enable row level security`,
      `create policy all_see on ${name} as permissive for select to survives_reader using (${key} is not null)`,
      `create trigger watched before insert on ${name} for each row execute function public.nothing()`,
      `create trigger asleep before delete on ${name} for each row execute function public.nothing()`,
      `alter table ${name} disable trigger asleep`,
      `create rule noted as on update to ${name} do also select 1`,
      `create statistics analytics.${kind}_together on ${key}, ${kind === 'kind_job' ? 'job' : 'run'} from ${name}`,
      `alter table ${name} replica identity full`,
      // The server refuses changes of a table of which it sends only some columns and all of the old row.
      `alter publication everywhere add table ${name} ${isSwapped(kind) ? `(${key})` : ''} where (${key} is not null)`,
      `alter table ${name} set (fillfactor = 80)`,
    )
  await execute(`alter ${word} ${name} owner to survives_owner`)
}

/** Everything that hangs on what is published and on what others made on it, by name. */
async function describeAll(): Promise<unknown> {
  const [found] = await rows(sql`
    select json_object_agg(n.nspname || '.' || c.relname, json_build_object(
      'kind', c.relkind,
      'owner', pg_get_userbyid(c.relowner),
      'acl', (select array_agg(a::text order by a::text) from unnest(c.relacl) as a),
      'columnAcl', (
        select json_agg(a.attname::text || a.attacl::text order by a.attname)
        from pg_attribute a where a.attrelid = c.oid and a.attacl is not null
      ),
      'comments', (
        select json_agg(d.description order by d.objsubid) from pg_description d
        where d.objoid = c.oid and d.classoid = 'pg_class'::regclass
      ),
      'options', c.reloptions,
      'definition', case when n.nspname = 'bi' then pg_get_viewdef(c.oid) end,
      'indexes', (
        select json_agg(pg_get_indexdef(i.indexrelid) order by i.indexrelid::regclass::text)
        from pg_index i where i.indrelid = c.oid
      ),
      'security', c.relrowsecurity,
      'policies', (
        select json_agg(p.polname::text || p.polroles::regrole[]::text || pg_get_expr(p.polqual, p.polrelid))
        from pg_policy p where p.polrelid = c.oid
      ),
      'triggers', (
        select json_agg(pg_get_triggerdef(t.oid) || t.tgenabled::text order by t.tgname)
        from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
      ),
      'rules', (
        select json_agg(pg_get_ruledef(r.oid) order by r.rulename)
        from pg_rewrite r where r.ev_class = c.oid and r.rulename <> '_RETURN'
      ),
      'statistics', (
        select json_agg(pg_get_statisticsobjdef(e.oid)) from pg_statistic_ext e where e.stxrelid = c.oid
      ),
      'identity', c.relreplident,
      'publications', (
        select json_agg(to_jsonb(t)) from pg_publication_tables t
        where t.schemaname = n.nspname and t.tablename = c.relname
      )
    )) as all
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('analytics', 'bi') and c.relkind in ('r', 'v', 'm') and c.relname <> 'players'`)
  return found!['all']
}

const oidsOf = async () =>
  Object.fromEntries(
    (
      await rows(
        sql`select relname as name, oid::int8 as oid from pg_class where relname = any(${kinds}::text[]) and relnamespace = 'analytics'::regnamespace`,
      )
    ).map(({ name, oid }) => [name, oid]),
  )

describe('what hangs on relations of every kind', () => {
  test.each([
    ['is there after a run that changes them all', {}],
    ['is there after a full refresh', { fullRefresh: true }],
    ['is there when they are published one by one', { publish: 'node' as const }],
  ])('%s', async (_name, options) => {
    await execute(
      'drop function if exists public.nothing() cascade',
      `create function public.nothing() returns trigger language plpgsql as 'begin return new; end'`,
      'create publication everywhere',
    )
    const first = await run(project(1), { vars: { run: 1 } })
    expect(complaints(first)).toEqual([])
    await execute('grant usage, create on schema analytics, bi to survives_owner')
    for (const kind of kinds) await decorate(kind)
    const before = await describeAll()
    const oids = await oidsOf()

    const second = await run(project(2), { vars: { run: 2 }, ...options })
    expect(complaints(second)).toEqual([])
    expect(second.result).toMatchObject({ status: 'success', published: true })
    expect(await describeAll()).toEqual(before)
    const [values] = await rows(sql`
      select
        (select max(run) from analytics.kind_table) as table,
        (select max(run) from analytics.kind_merge) as merge,
        (select max(run) from analytics.kind_snapshot) as snapshot,
        (select max(code) from analytics.kind_view) as view,
        (select n::int from bi.kind_view_two) as two`)
    expect(values).toEqual({ table: 2, merge: 2, snapshot: 2, view: 2, two: 2 })
    const now = await oidsOf()
    const replaced = kinds.filter((kind) => now[kind] !== oids[kind])
    const swapped = ['numbers', 'kind_table', 'kind_job', 'kind_view', 'kind_matview']
    const refreshed = [
      ...swapped,
      ...kinds.filter((kind) => [...grown, 'kind_append', 'kind_merge'].includes(kind)),
    ]
    expect(replaced.sort()).toEqual([...('fullRefresh' in options ? refreshed : swapped)].sort())
  })
})
