import type { CompiledSql } from '../compile/compiled-sql.ts'
import type { QueryComment, Renderer, RenderScope } from '../compile/renderer.ts'
import type { ExecutionConfig } from '../core/execution-config.ts'
import type { Manifest } from '../core/manifest.ts'
import type { ModelNode, Node, NodeId, Relation, SnapshotNode, TestNode } from '../core/node.ts'
import type { Plan, Step } from '../core/plan.ts'
import type { Problem } from '../core/problem.ts'
import type { RunEffects } from '../core/run-event.ts'
import type { BatchResult } from '../core/run-result.ts'
import type { Lease, RunOwner } from '../store/index.ts'
import type { Connection, PublishAction, Warehouse } from '../warehouse/index.ts'
import type { Builds } from './relations.ts'
import type { RunRequest } from './run-request.ts'

/** What every step of a run shares. */
export interface RunContext {
  readonly manifest: Manifest
  readonly plan: Plan
  readonly renderer: Renderer
  readonly warehouse: Warehouse
  /** For the worker threads, which open connections of their own. */
  readonly connection: Connection
  /** What the run holds to write what it publishes. */
  readonly lease: Lease
  /** Whose run it is. */
  readonly owner: RunOwner
  /** How many publications can be taken back. */
  readonly keepPublications: number
  readonly projectRoot: string
  /** Vars that set the parameters of loads. */
  readonly params: Readonly<Record<string, unknown>>
  /** How many connections a node may work over. */
  readonly threads: number
  /** How many nodes of each pool may be at work at the same time. */
  readonly pools: Readonly<Record<string, number>>
  /** What a node's config says about carrying it out. */
  readonly configOf: (nodeId: NodeId) => ExecutionConfig
  /** How long a node takes as a rule, where that is known. */
  readonly secondsOf: (nodeId: NodeId) => number | undefined
  readonly fullRefresh: boolean
  readonly failFast: boolean
  /** The times that microbatch models are to build. */
  readonly eventTime?: RunRequest['eventTime']
  /** Whether tests keep their failing rows where they do not say themselves. */
  readonly storeFailures: boolean
  readonly warnError: boolean
  /** How long to go on trying to publish when sessions hold on to what is published; undefined for as usual. */
  readonly publishWaitMs: number | undefined
  readonly builds: Builds
  /** The same for functions, which have names of their own beside those of relations. */
  readonly functions: Builds
  /** What has been built for good, and must not get lost before it is published; grows as the run goes on. */
  readonly standing: Relation[]
  /** The states of what the run reads and does not build, from before it began, by relation key. */
  readonly inputStates: ReadonlyMap<string, string | null>
  /** Whether what is built is what any other run would build: of all rows and, where there are times, of those that are due. */
  readonly isWhole: boolean
  readonly effects: RunEffects
  /** How templates are rendered in this run: against its builds, with a database to ask. */
  readonly renderScope: RenderScope
  /** Where a relation is read by whoever is not part of the run. */
  readonly publishedRelation: (relation: Relation) => Relation
  /** Where a function is called by whoever is not part of the run. */
  readonly publishedFunction: (named: Relation) => Relation
  /** Compiles a node against the run's builds. */
  readonly compile: (
    node: ModelNode | SnapshotNode | TestNode,
    options: CompileOptions,
  ) => Promise<CompiledSql>
  /** What `compile` made of a node, or null before. */
  readonly compiledOf: (nodeId: NodeId) => CompiledSql | null
  /** Compiles a view as readers get it: against what is published. */
  readonly compilePublished: (node: ModelNode | TestNode) => Promise<CompiledSql>
  /** The comment for statements of a node, or of what is none. */
  readonly commentOf: (nodeId: NodeId | null, connection?: string) => QueryComment | null
  /** The same for the work of one node: with its limits, and statements that tell for which node they are. */
  readonly forNode: (nodeId: NodeId) => RunContext
  /** Where something that a job refers to stands in this run. */
  readonly relationOf: (node: Node, ref: string) => Relation
}

/** How a node is compiled for a step. */
export interface CompileOptions
  extends Pick<RenderScope, 'isIncremental' | 'standIns' | 'overrides' | 'batch' | 'thisRelation' | 'ask'> {
  /** The node whose work it is, where that is another. */
  readonly as?: NodeId
}

/** What a step has done, before anything is published. */
export interface StepOutcome {
  readonly rows: number | null
  readonly message: string
  /** The server's word for the last statement, where it is not the usual one of such a node: INSERT, MERGE. */
  readonly command?: string
  /** For a load from files: rows that do not fit. */
  readonly badRows?: number
  readonly compiledCode?: string
  /** What makes the step's relations live. */
  readonly publish: readonly PublishAction[]
  /** For tests; everything else succeeds or throws. */
  readonly verdict?: 'pass' | 'warn' | 'fail'
  /** For a model that is built by time, each batch. */
  readonly batches?: readonly BatchResult[]
  /** Why some of its batches failed, where the others go live all the same. */
  readonly failed?: readonly Problem[]
  /** Lines that show why a test failed. */
  readonly detail?: readonly string[]
  /** Where a test keeps its failing rows. */
  readonly keptIn?: Relation
}

/** Carries out one step of one kind of node. */
export type StepRunner<T extends Node> = (node: T, step: Step, context: RunContext) => Promise<StepOutcome>
