-- From which definition each published relation was made, so that a plan can say what changed since.

create table estimand.definitions (
  schema_name text not null,
  relation_name text not null,
  -- body, compiled, config, macros, upstream and whole: short hashes, see NodeFingerprint.
  fingerprint jsonb not null,
  primary key (schema_name, relation_name),
  foreign key (schema_name, relation_name) references estimand.publications on delete cascade
);
