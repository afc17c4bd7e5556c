/*
 * A stream fills a table with the messages of Kafka topics for as long as `estimand stream run` is at work. The first
 * table of its spec gets the rows; the second, where bad messages are kept, the dead letters.
 */

export const streamFormats = ['json', 'avro', 'json-schema'] as const
export type StreamFormat = (typeof streamFormats)[number]

export const timeUnits = ['s', 'ms', 'us'] as const
export type TimeUnit = (typeof timeUnits)[number]

/** Where a column's value stands in a message. */
export interface StreamField {
  readonly column: string
  /** `user.id` within the payload; `$offset` and the like for what Kafka knows of the message. */
  readonly from: string
  /** What a number means that goes into a column of times; null when only texts are times. */
  readonly unit: TimeUnit | null
}

/** What `from` may name besides fields of the payload. */
export const messageFields = [
  '$topic',
  '$partition',
  '$offset',
  '$key',
  '$timestamp',
  '$headers',
  '$payload',
] as const

/** Where the schemas of payloads come from. Paths are relative to the project. */
export interface StreamSchemas {
  /** `confluent`: each payload begins with the number of its schema; `plain`: it is nothing but the payload. */
  readonly wireFormat: 'confluent' | 'plain'
  /** The one schema of plain payloads. */
  readonly file: string | null
  /** Files by the number that payloads name. */
  readonly byId: Readonly<Record<string, string>>
  /** The registry that is asked for any other number; texts may be templates. */
  readonly registry: {
    readonly url: string
    readonly username: string | null
    readonly password: string | null
  } | null
}

export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** How the brokers are spoken to; texts may be templates, and a password always is one. */
export interface StreamSecurity {
  readonly tls: boolean
  /** The file of the authority that signed the brokers' certificates, relative to the project. */
  readonly tlsCa: string | null
  readonly sasl: {
    readonly mechanism: (typeof saslMechanisms)[number]
    readonly username: string
    readonly password: string
  } | null
}

/** What a stream says besides what all loads say. */
export interface StreamTerms {
  /** `host:port`, each possibly a template. */
  readonly brokers: readonly string[]
  readonly topics: readonly string[]
  /** The consumer group, which shares the partitions out; where reading goes on is not asked of it. */
  readonly group: string
  readonly format: StreamFormat
  readonly schemas: StreamSchemas
  readonly fields: readonly StreamField[]
  /** A batch is written when it has so many rows, or when its first row has waited so long. */
  readonly batch: { readonly rows: number; readonly seconds: number }
  /** Where a partition begins that has never been read. */
  readonly start: 'earliest' | 'latest'
  readonly onBadRow: 'quarantine' | 'fail' | 'skip'
  readonly security: StreamSecurity
}
