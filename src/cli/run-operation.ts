import { askOn } from '../run/ask.ts'
import { commentedSession } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { parseMacroArgs } from './parse-vars.ts'
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
  await withOpenWarehouse(context, workspace, 1, (warehouse) =>
    warehouse.withSession((session) => {
      const published = publishedScope(context, false)
      const comment = renderer.queryComment(null, `macro_${macro}`, published)
      const scope = {
        ...published,
        ask: askOn(commentedSession(session, comment)),
        flags: templateFlags(context),
      }
      return renderer.runOperation(macro, args, scope)
    }),
  )
  context.narrator.note(`${macro} has run`)
  return 0
}
