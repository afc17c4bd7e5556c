import { dirname, join, resolve } from 'node:path'
import type { Renderer, RenderScope } from '../compile/renderer.ts'
import type { Manifest, ProjectMoment } from '../core/manifest.ts'
import type { NodeId } from '../core/node.ts'
import type { ProjectConfig } from '../core/project.ts'
import type { SourceFreshness } from '../run/artifacts/index.ts'
import { makeFolder } from '../run/make-folder.ts'
import type { Warehouse } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatDuration } from './display/numbers.ts'
import type { SelectionFlags } from './flags.ts'
import type { Colors } from './output.ts'
import { artifactOptions } from './previous-state.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { openWorkspace, publishedScope, withOpenWarehouse } from './workspace.ts'

export interface FreshnessFlags extends SelectionFlags {
  /** Where sources.json is written. */
  readonly output?: string
  readonly threads?: number
}

/** Asks the selected sources how fresh they are; fails when one of them is too old. */
export async function showFreshness(context: CommandContext, flags: FreshnessFlags): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const { manifest, target, targetPath } = workspace
  const renderer = await workspace.openRenderer()
  const selection = await selectNodes(context, workspace, flags, ['source'])
  reportSelection(selection, context)
  const { freshnessByMacro } = await import('../run/freshness-by-macro.ts')
  const { checkFreshness, sourcesWithFreshness } = await import('../run/source-freshness.ts')
  const { makeNodeInfo } = await import('../run/events/node-info.ts')
  const { tellFreshness } = await import('../run/events/tell-freshness.ts')
  const { sourcesArtifact, writeJson } = await import('../run/artifacts/index.ts')
  const started = context.clock()
  const threads = flags.threads ?? target.threads
  const { out } = context.terminal
  const scope = publishedScope(context, false)
  const commentOf = (nodeId: NodeId) => renderer.queryComment(nodeId, nodeId, scope)
  const total = sourcesWithFreshness(manifest, selection.nodeIds).length
  const teller = { stream: context.events, manifest, nodeInfo: makeNodeInfo(manifest, target) }
  let asked = 0
  const check = async (warehouse: Warehouse): Promise<readonly SourceFreshness[]> => {
    const runHooks = hookRunner(workspace.config, manifest, renderer, warehouse, scope)
    await runHooks('on_run_start', [])
    const checked = await checkFreshness(
      {
        manifest,
        warehouse,
        nodeIds: selection.nodeIds,
        threads,
        commentOf,
        byMacro: freshnessByMacro(renderer, warehouse, scope),
      },
      {
        clock: context.clock,
        onResult: (result) => {
          tellFreshness(result, { index: ++asked, total }, teller)
          if (context.flags.logFormat !== 'json')
            out.write(`${freshnessLine(result, manifest, out.colors)}\n`)
        },
      },
    )
    await runHooks('on_run_end', checked)
    return checked
  }
  // As in dbt, neither a connection nor hooks where there is nothing to ask.
  const results = total === 0 ? [] : await withOpenWarehouse(context, workspace, threads, check)
  if (results.length === 0)
    context.narrator.note('Nothing to do: no selected source says how old it may be (freshness:).')
  const path = flags.output === undefined ? join(targetPath, 'sources.json') : resolve(flags.output)
  const options = artifactOptions(context, workspace)
  const elapsedMs = context.clock().getTime() - started.getTime()
  makeFolder(dirname(path))
  await writeJson(path, sourcesArtifact(results, elapsedMs, manifest, options), {
    invocationId: options.invocationId,
  })
  const failing = context.flags.warnError ? ['error', 'runtime error', 'warn'] : ['error', 'runtime error']
  return results.some(({ status }) => failing.includes(status)) ? 1 : 0
}

/** Runs the hooks of the project around the question, as dbt does, unless a flag of the project says otherwise. */
function hookRunner(
  config: ProjectConfig,
  manifest: Manifest,
  renderer: Renderer,
  warehouse: Warehouse,
  scope: RenderScope,
) {
  return async (moment: ProjectMoment, results: readonly SourceFreshness[]): Promise<void> => {
    const isOff = config.flags['source_freshness_run_project_hooks'] === false
    const hooks = manifest.hooks.filter((hook) => hook.moment === moment)
    if (isOff || hooks.length === 0) return
    const { askOn } = await import('../run/ask.ts')
    const told = results.map(({ nodeId, status, durationMs, error }) => ({
      unique_id: nodeId,
      status,
      execution_time: durationMs / 1000,
      message: error ?? null,
    }))
    await warehouse.withSession(async (session) => {
      const asking = { ...scope, ask: askOn(session) }
      for (const hook of hooks) await renderer.runProjectHook(hook, asking, { results: told, schemas: [] })
    })
  }
}

const words = {
  pass: { word: 'FRESH', color: 'green' },
  warn: { word: 'WARN', color: 'yellow' },
  error: { word: 'STALE', color: 'red' },
  'runtime error': { word: 'ERROR', color: 'red' },
} as const

/** `FRESH  shop.orders   newest row 2026-01-31T23:59:00.000Z, 12m old`. */
function freshnessLine(result: SourceFreshness, manifest: Manifest, colors: Colors): string {
  const node = manifest.nodes[result.nodeId]!
  const name = node.resourceType === 'source' ? `${node.sourceName}.${node.name}` : node.name
  const { word, color } = words[result.status]
  const { maxLoadedAt, ageSeconds, error } = result
  const detail =
    maxLoadedAt === null || ageSeconds === null
      ? (error ?? '')
      : `newest row ${maxLoadedAt}, ${formatDuration(Math.max(0, ageSeconds) * 1000)} old`
  return `${colors[color](word.padEnd(6))} ${name.padEnd(40)} ${detail}`.trimEnd()
}
