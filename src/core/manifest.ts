import type { Node, NodeId } from './node.ts'
import type { Problem } from './problem.ts'

/** Where a run goes: the connection is resolved in warehouse/, templates see only this. */
export interface Target {
  readonly name: string
  readonly type: 'postgres'
  readonly engine: 'embedded' | 'postgres'
  readonly schema: string
  readonly database: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly threads: number
}

export interface MacroInfo {
  readonly name: string
  readonly package: string
  readonly path: string
  readonly source: string
}

/** What compile makes of a project: every node with its references resolved. Plain data. */
export interface Manifest {
  readonly project: string
  readonly nodes: Readonly<Record<NodeId, Node>>
  readonly macros: Readonly<Record<string, MacroInfo>>
  readonly vars: Readonly<Record<string, unknown>>
  /** What is not wrong but worth saying. */
  readonly warnings: readonly Problem[]
}
