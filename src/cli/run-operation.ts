import { formatProblem, ProblemError } from '../core/problem.ts'
import { askOn } from '../run/ask.ts'
import { commentedSession, type Warehouse } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { parseMacroArgs } from './parse-vars.ts'
import { artifactOptions } from './previous-state.ts'
import { saveResults } from './save-artifacts.ts'
import { templateFlags } from './template-flags.ts'
import { openWorkspace, publishedScope, withOpenWarehouse } from './workspace.ts'

/** Calls a macro on one session; what it logs and prints is said as it happens. */
export async function runOperation(
  context: CommandContext,
  macro: string,
  argsText: string | undefined,
): Promise<ExitCode> {
  const args = parseMacroArgs(argsText)
  const workspace = await openWorkspace(context)
  const renderer = await workspace.openRenderer()
  const startedAt = context.clock()
  const save = async (error: string | null): Promise<void> => {
    const { operationResults } = await import('../run/artifacts/index.ts')
    const done = { macro, args, error, startedAt, finishedAt: context.clock() }
    const { manifest } = workspace
    await saveResults(
      context,
      workspace,
      operationResults(done, manifest, artifactOptions(context, workspace)),
    )
  }
  const failed = async (exc: string): Promise<void> => {
    const msg = `Encountered an error while running operation: ${exc}`
    context.events.tell({ name: 'RunningOperationCaughtError', level: 'error', msg, data: { exc } })
    await save(exc)
  }
  const call = (warehouse: Warehouse) =>
    warehouse.withSession((session) => {
      const published = publishedScope(context, false)
      const comment = renderer.queryComment(null, `macro_${macro}`, published)
      const scope = {
        ...published,
        ask: askOn(commentedSession(session, comment)),
        flags: templateFlags(context),
      }
      return renderer.runOperation(macro, args, scope)
    })
  try {
    await withOpenWarehouse(context, workspace, 1, call)
  } catch (error) {
    const problems = error instanceof ProblemError ? error.problems : []
    // A macro that does not exist has not been called.
    if (!problems.some(({ code }) => code === 'macro-unknown'))
      await failed(problems.map(formatProblem).join('\n') || String(error))
    throw error
  }
  await save(null)
  context.narrator.note(`${macro} has run`)
  return 0
}
