-- Which relations publications have replaced, as long as they are kept for a rollback, and how runs ended that were
-- cut off after they had published.

alter table estimand.runs drop constraint runs_status_check;
alter table estimand.runs
  add constraint runs_status_check
  check (status in ('running', 'success', 'failed', 'cancelled', 'abandoned', 'interrupted'));
alter table estimand.runs
  add column manifest_hash text,
  add column rolled_back_at timestamptz;

create table estimand.kept_publications (
  -- Rises with every publication.
  publication int generated always as identity primary key,
  run_id uuid not null references estimand.runs on delete cascade,
  published_at timestamptz not null
);

create table estimand.kept_relations (
  publication int not null references estimand.kept_publications on delete cascade,
  schema_name text not null,
  relation_name text not null,
  -- What stood there before: a table that is kept, a definition to make it from, nothing, or the same table with other rows.
  kind text not null check (kind in ('table', 'view', 'materialized_view', 'none', 'grown')),
  -- Where the table is kept.
  kept_schema text,
  kept_name text,
  -- The SELECT of a view, and the statements that make the indexes of a materialized view.
  definition text,
  indexes jsonb not null default '[]',
  -- What the store said of it: publication, definition and ledger of times.
  said jsonb not null,
  primary key (publication, schema_name, relation_name)
);

-- For whoever asks where a table comes from.
create view estimand.published_relations as
select
  publications.schema_name,
  publications.relation_name,
  publications.node_id,
  publications.published_at,
  publications.run_id,
  runs.project,
  runs.target,
  runs.command,
  runs.manifest_hash,
  runs.started_at as run_started_at,
  runs.os_user,
  runs.host
from estimand.publications
join estimand.runs using (run_id);

comment on view estimand.published_relations is 'Every published relation with the run that made it, and of what state of the project.';
comment on table estimand.migrations is 'Versions of this schema, in the order in which they came.';
comment on table estimand.runs is 'One row for each run, and for each publication of a backfill.';
comment on column estimand.runs.status is 'running, success, failed, cancelled, abandoned (cut off before it published), interrupted (cut off after).';
comment on column estimand.runs.published_at is 'When what it built became visible; null where nothing did.';
comment on column estimand.runs.manifest_hash is 'A hash of the definitions of all nodes that the run chose, and of what they are made from.';
comment on column estimand.runs.rolled_back_at is 'When what it had published was taken back.';
comment on column estimand.runs.build_schema is 'Where it built; dropped when it was over.';
comment on column estimand.runs.problems is 'What went wrong outside any node, as a list of objects with code and message.';
comment on table estimand.node_runs is 'How each node of each run ended.';
comment on column estimand.node_runs.row_count is 'Rows written, or rows that fail a test.';
comment on column estimand.node_runs.attempts is 'How often it was tried until it came to its end.';
comment on table estimand.publications is 'Which run made each published relation that stands now.';
comment on column estimand.publications.fingerprint is 'Of loads, what they would write; of views, their text and state.';
comment on table estimand.definitions is 'From which definition each published relation was made, as hashes.';
comment on table estimand.premises is 'What each published relation rests on; while it is so, the relation is not built again.';
comment on table estimand.ledgers is 'The tables whose times are known.';
comment on table estimand.intervals is 'Which stretches of time those tables hold, and which version of the model built them.';
comment on column estimand.intervals.to_time is 'The first instant that is not part of it.';
comment on table estimand.leases is 'Who is at work or waits, and what they may publish.';
comment on table estimand.kept_builds is 'What a failed run has built and a retry may go on from.';
comment on table estimand.kept_publications is 'The publications that can be rolled back.';
comment on table estimand.kept_relations is 'What stood before each relation that those publications replaced.';
