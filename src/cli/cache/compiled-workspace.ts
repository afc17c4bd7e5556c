import { cachedManifest, manifestOnDemand } from '../../compile/cache/cached-manifest.ts'
import { numbersById } from '../../compile/cache/cached-nodes.ts'
import { cachedOutputs } from '../../compile/cache/cached-outputs.ts'
import { Unkeepable } from '../../compile/cache/kept-text.ts'
import type { Updated } from '../../compile/cache/updated.ts'
import type { CompileOptions } from '../../compile/compile.ts'
import type { AnalysedNode } from '../../compile/findings.ts'
import type { ColumnLineage } from '../../compile/lineage/lineage-meta.ts'
import type { Renderer } from '../../compile/renderer.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { NodeId } from '../../core/node.ts'
import type { Problem } from '../../core/problem.ts'
import type { Project } from '../../core/project.ts'
import type { CommandContext } from '../command-context.ts'
import { watchEnvironment } from './environment-reads.ts'
import { type CompilationInputs, type KeptCompilation, readKept, writeKept } from './kept-compilation.ts'
import { makeReader, reopenKept } from './reopen-kept.ts'

/*
 * A compiled project, made from what an earlier command has kept as far as that is possible.
 */

export interface CompiledWorkspace {
  /** What commands want to know of the project besides its manifest. */
  readonly project: Pick<Project, 'config' | 'seeds'>
  /** Read when it is asked for: a command that does without it saves time. */
  readonly manifest: Manifest
  /** The same, its nodes read when they are looked up: for work that looks at few of them. */
  readonly manifestOnDemand: Manifest
  readonly nodeCount: number
  readonly openRenderer: () => Promise<Renderer>
  /** SQL that need not be rendered again where everything is read as published. */
  readonly plainTexts: ReadonlyMap<NodeId, string>
  /** What columns are made from, of the nodes whose columns somebody had to know. */
  readonly lineage: ReadonlyMap<NodeId, ColumnLineage>
  /** Whether that has a node; where it was kept, nothing of it is read for the answer. */
  readonly hasLineage: (id: NodeId) => boolean
  /** What is worth saying about the project and its nodes. */
  readonly warnings: readonly Problem[]
  /** Where this command has the project from, if it is one that was kept. */
  readonly reopened: Reopened | null
  /** What is kept of the project, by which other files are known to belong to it; null where it is not kept. */
  readonly keptId: string | null
}

/** A project as it was kept, and what has become of it. */
export interface Reopened {
  readonly kept: KeptCompilation
  readonly updated: Updated
}

export interface CompileRequest extends CompilationInputs {
  /** Whether what earlier commands have kept may be used. */
  readonly reuses: boolean
  /** Whether anything may be written to the target folder. */
  readonly keeps: boolean
  /** Told the names that vars may have, once the project has been read. */
  readonly check: (names: readonly string[]) => Promise<void>
}

/** Compiles the project, or what has changed of it. */
export async function compileWorkspace(
  context: CommandContext,
  request: CompileRequest,
): Promise<CompiledWorkspace> {
  const { target } = request.opened
  const { environment: env, clock } = context
  const options: CompileOptions = { target, vars: request.vars, env, clock, ...request.how }
  const kept = request.reuses ? readKept(context, request) : null
  const updated = kept && (await reopenKept(context, kept, options))
  if (!kept || !updated) return compileAnew(context, request, options)
  const { packages, loadParams } = kept.index
  await request.check([...Object.keys(packages[0]!.config.vars), ...loadParams])
  return reopened(kept, updated, options)
}

async function compileAnew(
  context: CommandContext,
  request: CompileRequest,
  options: CompileOptions,
): Promise<CompiledWorkspace> {
  const { watchTemplates } = await import('../../compile/cache/sightings.ts')
  const { onlooker, sightings } = watchTemplates()
  const { env, names } = watchEnvironment(context.environment)
  const since = context.clock()
  const { readProject } = await import('../../project/read-project.ts')
  const project = await readProject(request.opened.root)
  await request.check([...Object.keys(project.config.vars), ...loadParamsOf(project)])
  const { compile } = await import('../../compile/compile.ts')
  const compiled = await compile(project, { ...options, env, onlooker })
  const { manifest, findings, renderer, plainTexts } = compiled
  const keptId = request.keeps
    ? await tryToKeep(context, request, { project, manifest, findings, sightings, since, names })
    : null
  const lineage = lineagesOf(findings.sql?.outputs ?? [])
  return {
    project,
    manifest,
    manifestOnDemand: manifest,
    nodeCount: Object.keys(manifest.nodes).length,
    openRenderer: async () => renderer,
    plainTexts,
    lineage,
    hasLineage: (id) => lineage.has(id),
    warnings: [...project.warnings, ...manifest.warnings],
    reopened: null,
    keptId,
  }
}

/** A command that cannot keep what it has found out does its own work all the same. */
async function tryToKeep(
  context: CommandContext,
  request: CompileRequest,
  compiled: Parameters<typeof writeKept>[2],
): Promise<string | null> {
  try {
    return await writeKept(context, request, compiled)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined && !(error instanceof Unkeepable)) throw error
    context.log.write('debug', `the compiled project could not be kept: ${code ?? (error as Error).message}`)
    return null
  }
}

function reopened(kept: KeptCompilation, updated: Updated, options: CompileOptions): CompiledWorkspace {
  const { index } = kept
  let whole: Manifest | undefined
  const manifest = (): Manifest => {
    whole ??= cachedManifest(kept, updated, updated.warnings)
    return whole
  }
  const onDemand = once(() => manifestOnDemand(kept, numbersById(index), updated))
  const lineage = once(() => lineagesOf(cachedOutputs(kept, updated)))
  const parsedBefore = once(() => new Set(index.sql?.parsed.map((number) => index.ids[number]!)))
  const renderer = once(async () => {
    const [{ openTemplates }, { loadSqlParser }, readText] = await Promise.all([
      import('../../compile/cache/reopen.ts'),
      import('../../compile/sql/syntax.ts'),
      makeReader(index.root),
    ])
    await loadSqlParser()
    return openTemplates({ cached: kept, readText, options }).rendererOf(whole ?? onDemand())
  })
  return {
    project: { config: index.packages[0]!.config, seeds: index.seeds },
    get manifest() {
      return manifest()
    },
    get manifestOnDemand() {
      return whole ?? onDemand()
    },
    nodeCount: updated.ids.length,
    openRenderer: renderer,
    plainTexts: new Map(),
    get lineage() {
      return lineage()
    },
    hasLineage: (id) =>
      updated.outputs.has(id) ? updated.outputs.get(id)?.lineage !== undefined : parsedBefore().has(id),
    warnings: [...index.reading, ...updated.warnings],
    reopened: { kept, updated },
    keptId: kept.id,
  }
}

function lineagesOf(outputs: Iterable<readonly [NodeId, AnalysedNode]>): ReadonlyMap<NodeId, ColumnLineage> {
  return new Map([...outputs].flatMap(([id, { lineage }]) => (lineage ? [[id, lineage] as const] : [])))
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function loadParamsOf({ loads }: Project): string[] {
  return loads.flatMap(({ spec }) => Object.keys(spec.params))
}
