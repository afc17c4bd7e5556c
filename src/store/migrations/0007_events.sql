-- What happened in a command, in order: its course, and what was worth a warning. docs/reference/events.md says what data holds.

create table estimand.events (
  -- That of the artifacts; for a run also its run_id.
  invocation_id uuid not null,
  position int not null,
  -- Of the stream of events.
  version int not null,
  name text not null,
  level text not null,
  at timestamptz not null,
  -- The node that the event is about, if it is about one.
  node_id text,
  message text not null,
  data jsonb not null,
  primary key (invocation_id, position)
);

create index events_by_time on estimand.events (at);
