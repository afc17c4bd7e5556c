-- Who is at work, and on what: one row for each run that waits or works. It goes when the run ends.

create table estimand.leases (
  -- Rises with every lease, and those that want the same get theirs in this order: who has a lower one is of yesterday.
  token int generated always as identity primary key,
  -- Null for work that is no run.
  run_id uuid,
  project text not null,
  target_schema text not null,
  command text not null,
  -- Where and by whom the command was called.
  host text not null,
  os_user text not null,
  process_id int not null,
  -- What it may publish, as schema.name.
  relations text[] not null,
  queued_at timestamptz not null default clock_timestamp(),
  -- Null as long as it waits for others.
  granted_at timestamptz,
  -- The lease that took its place after its connection was lost; from then on it may not write any more.
  superseded_by int
);

alter table estimand.runs
  add column lease_token int,
  add column host text,
  add column os_user text,
  add column process_id int;

-- How often a node was tried until it came to its end.
alter table estimand.node_runs add column attempts int not null default 1;

create index runs_by_start on estimand.runs (project, target_schema, started_at);
