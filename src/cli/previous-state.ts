import { resolve } from 'node:path'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { PreviousState } from '../core/selection/index.ts'
import type { ArtifactOptions } from '../run/artifacts/index.ts'
import type { CommandContext } from './command-context.ts'
import type { StateFlags } from './flags.ts'
import type { OpenTarget } from './open-target.ts'
import { packageVersion } from './version.ts'
import type { Workspace } from './workspace.ts'

/** The state that --state names; undefined where nobody names one. */
export async function previousState(
  context: CommandContext,
  workspace: Workspace,
  { state }: StateFlags,
): Promise<PreviousState | undefined> {
  if (state === undefined) return undefined
  const { readState } = await import('../run/state/read-state.ts')
  return readState({
    folder: stateFolder(workspace, state),
    targetFolder: workspace.targetPath,
    manifest: workspace.manifest,
    options: artifactOptions(context, workspace),
  })
}

/** A state's folder; as in dbt it is relative to the project. */
export function stateFolder({ root }: Pick<OpenTarget, 'root'>, folder: string): string {
  return resolve(root, folder)
}

/** What artifacts say of the command that writes them. */
export function artifactOptions(context: CommandContext, { target }: OpenTarget): ArtifactOptions {
  return {
    invocationId: context.events.invocationId,
    startedAt: context.startedAt,
    generatedAt: context.clock(),
    version: packageVersion(),
    target,
    environment: context.environment,
  }
}

/** The folder of the manifest that --defer reads from; null where nothing is deferred. */
export function deferFolder(flags: StateFlags): string | null {
  if (!flags.defer) return null
  const folder = flags.deferState ?? flags.state
  if (folder !== undefined) return folder
  throw new ProblemError(
    makeProblem('usage', '--defer needs the manifest of what is there already', {
      hint: 'name the folder that holds it: --state path/to/artifacts',
    }),
  )
}
