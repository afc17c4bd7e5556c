-- Our own tables: what ran, what came out, and which run made each published relation.

create table estimand.runs (
  run_id uuid primary key,
  project text not null,
  target text not null,
  target_schema text not null,
  command text not null,
  status text not null check (status in ('running', 'success', 'failed', 'cancelled', 'abandoned')),
  build_schema text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  published_at timestamptz,
  problems jsonb not null default '[]'
);

create table estimand.node_runs (
  run_id uuid not null references estimand.runs on delete cascade,
  node_id text not null,
  status text not null,
  started_at timestamptz,
  finished_at timestamptz,
  duration_ms double precision not null,
  row_count bigint,
  message text not null,
  primary key (run_id, node_id)
);

create table estimand.publications (
  schema_name text not null,
  relation_name text not null,
  node_id text not null,
  run_id uuid not null references estimand.runs,
  -- Changes when the relation would come out differently; null where nothing is compared.
  fingerprint text,
  published_at timestamptz not null,
  primary key (schema_name, relation_name)
);
