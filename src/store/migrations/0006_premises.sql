-- What each published relation rests on, as far as that is known: what a later run compares to keep it as it is.

create table estimand.premises (
  schema_name text not null,
  relation_name text not null,
  -- How it was made: build, increment or seed; view for a view, which only tells what it calls.
  action text not null,
  -- Hashes of the SQL that it was made with and of all else that has a say in its rows; null for what nobody can say.
  text_hash text,
  circumstances text,
  -- The state in which the relation was when it was published: see relation_states.
  state text,
  -- The states of what it was made from, by relation; null where they are not known.
  inputs jsonb not null,
  -- What its SQL may call: names of functions, and words that stand for the time or for who asks.
  calls text[] not null,
  -- Whether the last increment brought nothing, so that another of the same would bring nothing either.
  settled boolean not null,
  primary key (schema_name, relation_name),
  foreign key (schema_name, relation_name) references estimand.publications on delete cascade
);
