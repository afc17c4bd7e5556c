import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { compile } from '../../src/compile/compile.ts'
import type { NodeId } from '../../src/core/node.ts'
import type { RunEvent } from '../../src/core/run-event.ts'
import type { NodeResult, RunResult } from '../../src/core/run-result.ts'
import { select } from '../../src/core/selection/index.ts'
import { readProject } from '../../src/project/read-project.ts'
import { runNodes } from '../../src/run/run.ts'
import type { RunRequest } from '../../src/run/run-request.ts'
import {
  type Connection,
  connectWarehouse,
  type SQLQuery,
  type Warehouse,
  withWarehouse,
} from '../../src/warehouse/index.ts'
import { useTestDatabase } from '../warehouse/test-database.ts'

/*
 * Runs a project folder on a test database the way the command line does.
 */

export interface ProjectRun {
  readonly result: RunResult
  readonly events: readonly RunEvent[]
  /** The result of a node by its name. */
  readonly node: (name: string) => NodeResult
}

export interface ProjectRunOptions
  extends Partial<Omit<RunRequest, 'connection' | 'warehouse' | 'manifest'>> {
  readonly select?: readonly string[]
  readonly indirectSelection?: 'eager' | 'buildable'
  readonly vars?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** What time it is for the run. */
  readonly clock?: () => Date
  readonly onEvent?: (event: RunEvent) => void
  readonly onExecuted?: (nodeId: NodeId, sql: string) => void
  /** Puts something between the run and its database. */
  readonly between?: (warehouse: Warehouse) => Warehouse
}

/** The folder of a fixture project. */
export function fixtureProject(name: string): string {
  return join(import.meta.dirname, '..', 'projects', name)
}

/** A database for runs, with a warehouse to look at what they did. */
export function useProjectDatabase(): {
  readonly connection: Connection
  readonly url: string
  readonly rows: Rows
} {
  const database = useTestDatabase()
  let warehouse: Warehouse | undefined
  beforeAll(async () => {
    warehouse = await connectWarehouse(database.connection, { threads: 1, applicationName: 'estimand test' })
  })
  afterAll(() => warehouse?.close())
  return {
    get connection() {
      return database.connection
    },
    get url() {
      return database.url
    },
    rows: async (query) => (await warehouse!.query(query)).rows,
  }
}

type Rows = (query: SQLQuery) => Promise<Record<string, unknown>[]>

/** Compiles a project for a connection. */
export async function compileProject(root: string, connection: Connection, options: ProjectRunOptions = {}) {
  const project = await readProject(root)
  const compilation = await compile(project, {
    target: connection.target,
    vars: options.vars ?? {},
    env: { ...process.env, ...options.env },
    clock: () => new Date(),
  })
  return { ...compilation, pools: project.config.pools }
}

/** Builds what is selected, everything by default. */
export async function runProject(
  root: string,
  connection: Connection,
  options: ProjectRunOptions = {},
): Promise<ProjectRun> {
  const compiled = await compileProject(root, connection, options)
  const { signal, threads = 4 } = options
  return withWarehouse(
    connection,
    { threads, applicationName: 'estimand test', ...(signal && { signal }) },
    (warehouse) => runCompiled(root, compiled, connection, warehouse, options),
  )
}

/** Builds what is selected of a compiled project over a connection that is there. */
export async function runCompiled(
  root: string,
  { manifest, renderer, pools }: Awaited<ReturnType<typeof compileProject>>,
  connection: Connection,
  warehouse: Warehouse,
  options: ProjectRunOptions = {},
): Promise<ProjectRun> {
  const events: RunEvent[] = []
  const result = await runNodes(
    {
      command: 'build',
      runId: randomUUID(),
      nodeIds: selected(manifest, options),
      manifest,
      renderer,
      warehouse: options.between?.(warehouse) ?? warehouse,
      connection,
      projectRoot: root,
      publish: 'run',
      keepPublications: 0,
      fullRefresh: false,
      failFast: false,
      waitMs: 10_000,
      startedBy: { host: 'here', user: 'tester', processId: process.pid },
      threads: options.threads ?? 4,
      pools,
      ...pickRequest(options),
    },
    {
      emit: (event) => {
        events.push(event)
        options.onEvent?.(event)
      },
      clock: options.clock ?? (() => new Date()),
      signal: options.signal ?? new AbortController().signal,
      ...(options.onExecuted && { onExecuted: options.onExecuted }),
    },
  )
  const node = (name: string): NodeResult => {
    const found = result.results.find(({ nodeId }) => manifest.nodes[nodeId]!.name === name)
    if (!found) throw new Error(`no result for ${name}`)
    return found
  }
  return { result, events, node }
}

function selected(
  manifest: Parameters<typeof select>[0],
  { select: expressions = [], indirectSelection }: ProjectRunOptions,
): readonly NodeId[] {
  const chosen = { select: [...expressions], exclude: [], ...(indirectSelection && { indirectSelection }) }
  return select(manifest, chosen).nodeIds
}

/** The options that are part of the request, as they are. */
function pickRequest(options: ProjectRunOptions): Partial<RunRequest> {
  const {
    select: _s,
    indirectSelection: _i,
    vars: _v,
    env: _e,
    signal: _,
    onEvent: _o,
    onExecuted: _x,
    ...rest
  } = options
  const { clock: _c, between: _b, ...request } = rest
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
}
