import { join } from 'node:path'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCounted } from './display/numbers.ts'
import { saveArtifacts } from './save-artifacts.ts'
import { openWorkspace, shownPath } from './workspace.ts'

/** Reads and checks the project, and writes its manifest. */
export async function parseProject(context: CommandContext): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  await saveArtifacts(context, workspace, { invocationId: context.events.invocationId })
  const path = shownPath(context, join(workspace.targetPath, 'manifest.json'))
  context.narrator.note(
    `${formatCounted(workspace.nodeCount, 'node')}${context.flags.writeJson === false ? '' : ` in ${path}`}`,
  )
  return 0
}
