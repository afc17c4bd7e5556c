-- Which times the tables of models hold that are built by time, and which version of the model built them.

create table estimand.ledgers (
  schema_name text not null,
  relation_name text not null,
  -- The table that this is about. Where another stands under its name, nothing is known of that one.
  relation_oid oid not null,
  primary key (schema_name, relation_name)
);

-- One row for each stretch of time that one version built, however many batches and runs that took.
create table estimand.intervals (
  schema_name text not null,
  relation_name text not null,
  from_time timestamptz not null,
  -- The first instant that is not part of it.
  to_time timestamptz not null check (from_time < to_time),
  -- The version of the model; null for what stood in the table before there was a ledger of it.
  fingerprint text,
  primary key (schema_name, relation_name, from_time),
  foreign key (schema_name, relation_name) references estimand.ledgers on delete cascade
);
