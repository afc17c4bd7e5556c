import type { NodeBase, Relation } from './node-base.ts'

/** A table that somebody else fills, or a load. */
export interface SourceNode extends NodeBase {
  readonly resourceType: 'source'
  readonly sourceName: string
  readonly sourceDescription: string
  readonly relation: Relation
  /** Schema and database as they are written, where that is another than what came of it. */
  readonly writtenSchema?: string
  readonly writtenDatabase?: string
  readonly loader?: string
  /** How old the data may be, as written; null where it is switched off. */
  readonly freshness?: FreshnessSpec | null
  /** The column or expression that tells how old the data is. */
  readonly loadedAtField?: string
  /** A query that tells it. */
  readonly loadedAtQuery?: string
  /** The database that its YAML names, where that is not the one that we are connected to. */
  readonly database?: string
  /** What dbt knows and nothing here acts upon (external, database), as written. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface FreshnessLimit {
  readonly count: number
  readonly period: 'minute' | 'hour' | 'day'
}

export interface FreshnessSpec {
  readonly warnAfter?: FreshnessLimit
  readonly errorAfter?: FreshnessLimit
  /** A condition on the rows that are looked at. */
  readonly filter?: string
}
