-- What a failed run has built and a retry may go on from. The tables themselves stand in the run's build schema.

create table estimand.kept_builds (
  run_id uuid not null references estimand.runs on delete cascade,
  node_id text not null,
  -- What it was made from, where it stands and how it is published: see KeptBuild.
  build jsonb not null,
  primary key (run_id, node_id)
);
