-- What publications changed in place can be put back as well: rows of increments and snapshots, and functions.

alter table estimand.kept_relations drop constraint kept_relations_kind_check;
alter table estimand.kept_relations
  add constraint kept_relations_kind_check
  check (kind in ('table', 'view', 'materialized_view', 'rows', 'function', 'none', 'grown'));
alter table estimand.kept_relations
  -- The transactions under which the rows stand that the publication wrote, and how many those are.
  add column written_by text[],
  add column written_rows bigint,
  -- The statements that make a function and its overloads.
  add column functions jsonb not null default '[]';

comment on column estimand.kept_relations.kind is 'table, view, materialized_view, rows (the same table, of which the rows are kept that it lost), function, none (there was nothing), grown (the same table, of which nothing is kept).';
comment on column estimand.kept_relations.written_by is 'The transactions (xmin) under which the rows stand that the publication wrote.';
