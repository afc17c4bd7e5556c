import { join } from 'node:path'
import type { ColumnLineage } from '../compile/lineage/lineage-meta.ts'
import type { NodeId } from '../core/node.ts'
import type { RunResult } from '../core/run-result.ts'
import type { ManifestArtifactOptions } from '../run/artifacts/manifest-artifact.ts'
import type { RunResultsArtifact } from '../run/artifacts/run-results-artifact.ts'
import type { CompiledFiles } from '../run/artifacts/write-artifacts.ts'
import { makeFolder } from '../run/make-folder.ts'
import type { KeptCode } from './cache/kept-manifest.ts'
import type { CommandContext } from './command-context.ts'
import { packageVersion } from './version.ts'
import { shownPath, type Workspace } from './workspace.ts'

/** What a command has made that tools may want to read. */
export interface Made {
  readonly invocationId: string
  readonly run?: RunResult
  readonly compiledCode?: ReadonlyMap<NodeId, string>
  /** The statements that a run sent. */
  readonly executedCode?: ReadonlyMap<NodeId, string>
  /** What the columns of nodes are made from, where more is known than from reading the project. */
  readonly lineage?: ReadonlyMap<NodeId, ColumnLineage>
  /** What of the compiled SQL may be kept for the next command. */
  readonly keptCode?: KeptCode
  readonly compiledFiles?: CompiledFiles
  /** The flags of a run, for whoever wants to run it again. */
  readonly args?: Readonly<Record<string, unknown>>
}

/**
 * Writes manifest.json, run_results.json and compiled SQL to the target folder. They tell of work that is done
 * already, so a folder that cannot be written is worth a word and undoes nothing.
 */
export async function saveArtifacts(
  context: CommandContext,
  workspace: Workspace,
  made: Made,
): Promise<void> {
  if (context.flags.writeJson === false) return
  const { target, targetPath } = workspace
  const generatedAt = context.clock()
  const { environment, startedAt } = context
  const options = { target, startedAt, generatedAt, version: packageVersion(), environment, ...made }
  await whereWritable(context, targetPath, async () => {
    const { writeManifest } = await import('./cache/kept-manifest.ts')
    const write = (all: ManifestArtifactOptions, compiled: Iterable<NodeId>, named?: () => Promise<void>) =>
      writeManifest(context, targetPath, workspace, all, compiled, made.keptCode, named)
    if (made.run || made.compiledCode || made.executedCode) {
      const { writeArtifacts } = await import('../run/artifacts/write-artifacts.ts')
      await writeArtifacts(targetPath, { ...options, manifest: workspace.manifest, writeManifest: write })
    } else {
      makeFolder(targetPath)
      await write(options, [])
    }
  })
}

/** Writes run_results.json of a command that runs no nodes. */
export async function saveResults(
  context: CommandContext,
  { targetPath }: Pick<Workspace, 'targetPath'>,
  results: RunResultsArtifact,
): Promise<void> {
  if (context.flags.writeJson === false) return
  await whereWritable(context, targetPath, async () => {
    const { writeJson } = await import('../run/artifacts/write-json.ts')
    makeFolder(targetPath)
    const { invocationId } = context.events
    await writeJson(join(targetPath, 'run_results.json'), results, { invocationId })
  })
}

/** Writes to the target folder, or says that it could not be written. */
export async function whereWritable(
  context: CommandContext,
  targetPath: string,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    context.narrator.note(
      `${shownPath(context, targetPath)} could not be written (${code}): no artifacts of this command`,
    )
  }
}
