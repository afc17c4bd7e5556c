import type { NodeId } from './node-id.ts'
import type { Place } from './problem.ts'

/*
 * What nodes of every kind have in common.
 */

/** A relation in the warehouse; the database is always the one that we are connected to. */
export interface Relation {
  readonly schema: string
  readonly identifier: string
}

export interface ColumnInfo {
  readonly name: string
  readonly description: string
  readonly dataType?: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  /** Whether the name is to be quoted; undefined where nobody said. */
  readonly quote?: boolean
  readonly constraints?: readonly Readonly<Record<string, unknown>>[]
  /** Config of the column, and what else is said of it, as written. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** The docs blocks that its description takes over, by their ids. */
  readonly docBlocks?: readonly string[]
}

export interface IndexConfig {
  readonly columns: readonly string[]
  readonly unique: boolean
  readonly type: string
}

/** What is said of every node. */
export interface NodeBase {
  readonly id: NodeId
  readonly name: string
  readonly package: string
  /** The file that defines the node, relative to its package; the project itself is a package. */
  readonly path: string
  /** Where the node is defined; the file is relative to the project, also for a node of a package. */
  readonly place: Place
  /** The YAML file that describes it where another file defines it, relative to the package. */
  readonly patchPath?: string
  /** Package, folders below the resource path, name: what `fqn:` selects and what config inherits along. */
  readonly fqn: readonly string[]
  readonly description: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  readonly columns: readonly ColumnInfo[]
  /** Everything set for the node, merged from project.yml, YAML and config(); unknown keys are kept for macros. */
  readonly config: Readonly<Record<string, unknown>>
  /** The config as it is written, with templates and nothing added up, where that is another than what came of it. */
  readonly writtenConfig?: Readonly<Record<string, unknown>>
  /** The docs blocks that its description takes over, by their ids. */
  readonly docBlocks?: readonly string[]
  /** Its calls of ref() and source() as they are written, where what it depends on does not tell. */
  readonly calls?: WrittenCalls
  readonly dependsOn: readonly NodeId[]
}

/** References by name, in the order in which they are made. */
export interface WrittenCalls {
  readonly refs: readonly {
    readonly name: string
    readonly package: string | null
    readonly version: string | number | null
  }[]
  readonly sources: readonly (readonly string[])[]
}
