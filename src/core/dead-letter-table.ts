import type { LoadTable } from './load-spec.ts'

/** The table of messages that could not become rows. */
export function deadLetterTable({ schema, name }: Pick<LoadTable, 'schema' | 'name'>): LoadTable {
  return {
    schema,
    name: `${name}_dead_letters`,
    description: `Messages that could not become rows of ${name}, as they came.`,
    primaryKey: ['topic', 'partition', 'message_offset'],
    columns: [
      { name: 'topic', type: 'text', description: 'The topic' },
      { name: 'partition', type: 'integer', description: 'The partition of the topic' },
      { name: 'message_offset', type: 'bigint', description: 'The offset in the partition' },
      { name: 'message_time', type: 'timestamptz', description: 'When the message was written, says Kafka' },
      { name: 'message_key', type: 'bytea', description: 'The key' },
      {
        name: 'payload',
        type: 'bytea',
        description: "The payload; convert_from(payload, 'UTF8') shows text",
      },
      { name: 'column_name', type: 'text', description: 'The column whose value was bad, where it was one' },
      { name: 'reason', type: 'text', description: 'Why it could not become a row' },
      { name: 'quarantined_at', type: 'timestamptz', description: 'When it was put here' },
    ],
  }
}
