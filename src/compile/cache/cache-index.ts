import type { ResourceType } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { Origin, Package, ProjectFile, SeedFile } from '../../core/project.ts'
import type { Referable } from '../resolve.ts'

/*
 * A compiled project as it is kept for the next command. Most of it is text in pieces (a node, what a YAML file says),
 * of which a command reads those that it needs; the index says where they lie, and holds what is needed to see what a
 * changed file means for the rest. Nodes are numbered in the order of the manifest.
 */

/** Where a piece of text lies among the kept ones. */
export type Span = readonly [from: number, to: number]

/** Reads what is kept. */
export interface Pieces {
  readonly read: (span: Span) => string
}

/** Takes a text to be kept. */
export type Keep = (text: string) => Span

/** The lists of a project that hold one file each time. */
export type FileRole = 'models' | 'macros' | 'tests' | 'snapshots' | 'analyses' | 'docs' | 'fixtures'

/** A file of a project without its text. */
export interface FileEntry extends Origin {
  readonly path: string
  readonly role: FileRole
}

/** Problems by the numbers of the nodes that have them. */
export type NumberedProblems = readonly (readonly [node: number, problems: readonly Problem[]])[]

export interface CacheIndex {
  readonly root: string
  readonly projectName: string
  readonly configPath: string
  /** The project itself, then its packages; without targets, which may hold passwords. */
  readonly packages: readonly Package[]
  readonly files: readonly FileEntry[]
  readonly seeds: readonly SeedFile[]
  /** Code that loads are made from, and the names of their parameters. */
  readonly modules: readonly string[]
  readonly loadParams: readonly string[]
  /** What each YAML file beside nodes says, as Properties. */
  readonly properties: readonly (readonly [path: string, origin: Origin, said: Span])[]
  /** Which of those say something about a resource of a name, in any package. */
  readonly described: Readonly<Record<string, readonly number[]>>

  readonly ids: readonly string[]
  readonly types: readonly ResourceType[]
  /** The nodes as one JSON object by id, and each of them. */
  readonly allNodes: Span
  readonly nodes: readonly Span[]
  readonly parents: readonly (readonly number[])[]
  /** The files that define nodes, each with its nodes; and those that define nodes that are switched off. */
  readonly definedIn: Readonly<Record<string, readonly number[]>>
  readonly switchedOffIn: readonly string[]
  /** The manifest but for its nodes and warnings. */
  readonly rest: Span
  readonly referables: readonly Referable[]
  readonly disabledReferables: readonly Referable[]
  readonly groups: Readonly<Record<number, string>>
  readonly relations: readonly (readonly [key: string, node: number])[]
  readonly ephemeral: readonly (readonly [cte: string, node: number])[]

  /** Problems of reading the project, then of drafting its nodes. */
  readonly reading: readonly Problem[]
  readonly drafting: readonly Problem[]
  /** What was found by looking at the SQL; null where nobody did. */
  readonly sql: SqlIndex | null
  /** Templates that asked what time it is, so that they may mean something else now. */
  readonly timed: readonly string[]
  /** When the next model comes to its deprecation date, which changes what is told; null where none will. */
  readonly until: string | null
  /** What the project's file configures of tests, with how many there are. */
  readonly configuredTests: readonly (readonly [path: readonly string[], count: number])[]
}

/** The index as it is written: packages may hold what JSON does not have. */
export interface KeptIndex extends Omit<CacheIndex, 'packages'> {
  readonly packages: Span
}

export interface SqlIndex {
  readonly rendering: NumberedProblems
  readonly syntax: NumberedProblems
  readonly columns: NumberedProblems
  /** Nodes whose columns were compared with what YAML says. */
  readonly compared: readonly number[]
  /** What is known to come out of each node, as AnalysedNode; null where nobody asked. */
  readonly outputs: readonly (Span | null)[]
  /** Those of them that say what columns are made from. */
  readonly parsed: readonly number[]
  /** Nodes from whose columns those were worked out. */
  readonly reads: readonly (readonly number[])[]
  /** Nodes whose SQL depends on every other node, or on the time. */
  readonly unsteady: readonly number[]
  /** Nodes that take descriptions or tests from those that they read. */
  readonly heirs: readonly number[]
}

/** A file with its text as it is now. */
export interface ChangedFile extends ProjectFile {
  readonly role: FileRole
}
