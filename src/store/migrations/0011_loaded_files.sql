-- Which files tables hold, so that each is loaded once.

create table estimand.loaded_files (
  schema_name text not null,
  relation_name text not null,
  -- The address of the file, by which it is known again.
  file text not null,
  -- The table that this is about. Where another stands under its name, nothing is known of that one.
  relation_oid oid not null,
  load text not null,
  size_bytes bigint not null,
  -- What tells without reading it that it is the same: the time of its last change, an etag.
  version text not null,
  -- SHA-256 of its bytes as they lay there.
  checksum text not null,
  row_count bigint not null,
  bad_row_count bigint not null,
  run_id uuid not null,
  loaded_at timestamptz not null,
  primary key (schema_name, relation_name, file)
);
