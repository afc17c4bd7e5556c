-- Where streams stand. A position changes in the transaction that writes the rows up to it, so that the table of a
-- stream holds each message before its positions once and none behind them.

create table estimand.stream_positions (
  schema_name text not null,
  relation_name text not null,
  topic text not null,
  partition int not null,
  -- Kafka's id of the topic: a topic of the same name that was made anew counts from 0 again.
  topic_id text not null,
  -- The offset of the message to be read next.
  next_offset bigint not null,
  -- Raised by each reader that takes the partition over; whoever holds a lower one can write nothing any more.
  fence bigint not null default 1,
  claimed_by text not null,
  claimed_at timestamptz not null,
  committed_at timestamptz,
  -- The offset that the topic's next message gets, as far as known when the position changed.
  end_offset bigint,
  row_count bigint not null default 0,
  dead_letter_count bigint not null default 0,
  newest_message_at timestamptz,
  primary key (schema_name, relation_name, topic, partition)
);

-- What readers of streams did in each stretch of some seconds.
create table estimand.stream_metrics (
  schema_name text not null,
  relation_name text not null,
  at timestamptz not null,
  reader text not null,
  seconds double precision not null,
  batch_count bigint not null,
  row_count bigint not null,
  dead_letter_count bigint not null,
  -- Messages behind the ends of the partitions that the reader holds.
  lag bigint not null,
  primary key (schema_name, relation_name, at, reader)
);

comment on table estimand.stream_positions is 'Where streams stand: the next offset of each partition';
comment on table estimand.stream_metrics is 'Rows, dead letters and lag of streams over time';
