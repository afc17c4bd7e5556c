-- DAGs of the scheduler: which instants were fired, the runs and their steps, who works on them, who fires.

create table estimand.dag_states (
  project text not null,
  target_schema text not null,
  dag text not null,
  is_paused boolean not null,
  -- Who paused or resumed it last, and when; null where nobody has yet.
  changed_by text,
  changed_at timestamptz,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  -- Every instant of its schedule up to this one was fired, or passed over as its catchup says.
  fired_up_to timestamptz not null,
  primary key (project, target_schema, dag)
);

create table estimand.dag_runs (
  dag_run_id uuid primary key,
  project text not null,
  target_schema text not null,
  dag text not null,
  -- What it is for: no two runs of a DAG have the same, so that each instant is fired once, whoever fires it.
  occasion text not null,
  cause text not null check (cause in ('schedule', 'manual', 'backfill', 'after_dag', 'new_data', 'webhook')),
  -- The run of another DAG that started it.
  caused_by uuid,
  asked_by text,
  -- The moment at which its schedule fired it.
  instant timestamptz,
  interval_start timestamptz not null,
  interval_end timestamptz not null,
  status text not null default 'queued' check (status in ('queued', 'running', 'success', 'failed', 'cancelled')),
  vars jsonb not null default '{}',
  -- The DAG as it was when the run was made.
  version text not null,
  definition jsonb not null,
  max_active_runs int not null,
  depends_on_past boolean not null,
  -- Runs of other DAGs that have to have ended before it starts: dag, on (success, done), intervalEnd (null for the latest).
  waits_for jsonb not null default '[]',
  -- Runs of one backfill, of which so many may be at work at the same time.
  backfill_id uuid,
  backfill_parallel int,
  queued_at timestamptz not null,
  started_at timestamptz,
  deadline_at timestamptz,
  finished_at timestamptz,
  -- Why it is to end before its steps have: somebody cancelled it, or its deadline has passed.
  stop_reason text check (stop_reason in ('cancelled', 'deadline')),
  -- How often somebody asked to run again what had failed.
  retry_count int not null default 0,
  -- What people have been told of: on_failure, on_success, on_sla_miss.
  notified text[] not null default '{}',
  -- Whether anybody may still have to be told of something.
  is_to_tell boolean not null,
  unique (project, target_schema, dag, occasion)
);

create index dag_runs_at_work on estimand.dag_runs (project, target_schema, dag) where status in ('queued', 'running');
create index dag_runs_by_interval on estimand.dag_runs (project, target_schema, dag, interval_end);
create index dag_runs_to_tell on estimand.dag_runs (project, target_schema) where is_to_tell;
create index dag_runs_by_end on estimand.dag_runs (project, target_schema, finished_at);

create table estimand.dag_run_steps (
  dag_run_id uuid not null references estimand.dag_runs on delete cascade,
  step text not null,
  position int not null,
  kind text not null,
  needs text[] not null,
  run_when text not null check (run_when in ('success', 'failure', 'always')),
  pool text,
  status text not null default 'waiting'
    check (status in ('waiting', 'queued', 'running', 'success', 'failed', 'skipped', 'cancelled')),
  -- A step that is tried again waits until then.
  not_before timestamptz,
  -- Rises with each claim: who has a lower one has been taken the step away and may say nothing of it any more.
  claim int not null default 0,
  -- Tries that count: those of dead workers do not.
  attempts int not null default 0,
  worker_id uuid,
  -- The run of nodes (or the command) that it was the last time.
  run_id uuid,
  started_at timestamptz,
  finished_at timestamptz,
  exit_code int,
  message text not null default '',
  primary key (dag_run_id, step)
);

create index dag_run_steps_at_work on estimand.dag_run_steps (status) where status in ('queued', 'running');

create table estimand.dag_step_tries (
  dag_run_id uuid not null,
  step text not null,
  try int not null,
  -- first, retry (after a failure), take_over (of a dead worker), asked (by runs retry).
  cause text not null check (cause in ('first', 'retry', 'take_over', 'asked')),
  -- Also that of its row in estimand.runs and of its events.
  run_id uuid not null,
  worker_id uuid not null,
  host text not null,
  status text not null default 'running' check (status in ('running', 'success', 'failed', 'cancelled', 'lost')),
  started_at timestamptz not null,
  finished_at timestamptz,
  exit_code int,
  message text not null default '',
  -- The end of what it said.
  log text not null default '',
  primary key (dag_run_id, step, try),
  foreign key (dag_run_id, step) references estimand.dag_run_steps on delete cascade
);

create table estimand.workers (
  worker_id uuid primary key,
  -- Of its advisory lock, which it holds as long as it has a connection.
  lock_number int generated always as identity,
  project text not null,
  target_schema text not null,
  host text not null,
  os_user text not null,
  process_id int not null,
  slots int not null,
  started_at timestamptz not null default clock_timestamp(),
  heartbeat_at timestamptz not null default clock_timestamp()
);

create table estimand.scheduler_lease (
  project text not null,
  target_schema text not null,
  lock_number int generated always as identity,
  -- Rises with each scheduler that takes over: who has a lower one can fire nothing any more.
  fence int not null default 0,
  holder uuid,
  host text,
  os_user text,
  process_id int,
  acquired_at timestamptz,
  renewed_at timestamptz,
  primary key (project, target_schema)
);

comment on table estimand.dag_states is 'One row for each DAG: whether it is paused, and how far its schedule has been fired.';
comment on column estimand.dag_states.fired_up_to is 'Every instant of its schedule up to this one was fired, or passed over as its catchup says.';
comment on table estimand.dag_runs is 'One row for each run of a DAG.';
comment on column estimand.dag_runs.occasion is 'What the run is for; no two runs of a DAG have the same.';
comment on column estimand.dag_runs.cause is 'schedule, manual, backfill, after_dag, new_data, webhook.';
comment on column estimand.dag_runs.instant is 'The moment at which its schedule fired it; null where no schedule did.';
comment on column estimand.dag_runs.interval_end is 'The end of the data interval, not part of it.';
comment on column estimand.dag_runs.status is 'queued, running, success, failed, cancelled.';
comment on column estimand.dag_runs.stop_reason is 'Why it ended before its steps had: cancelled, deadline.';
comment on table estimand.dag_run_steps is 'One row for each step of each run of a DAG.';
comment on column estimand.dag_run_steps.status is 'waiting, queued, running, success, failed, skipped, cancelled.';
comment on column estimand.dag_run_steps.run_id is 'What it was in estimand.runs and estimand.events the last time.';
comment on table estimand.dag_step_tries is 'One row for each time that a step was begun, with what it said.';
comment on column estimand.dag_step_tries.cause is 'first, retry (after a failure), take_over (of a dead worker), asked (by runs retry).';
comment on column estimand.dag_step_tries.status is 'running, success, failed, cancelled, lost (its worker died).';
comment on table estimand.workers is 'Who takes steps of DAGs.';
comment on table estimand.scheduler_lease is 'Which scheduler fires.';
