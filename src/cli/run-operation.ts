import { splitStatements } from '../compile/sql/statements.ts'
import { formatProblem, ProblemError } from '../core/problem.ts'
import { askOn } from '../run/ask.ts'
import { commentedSession, unsafeSql, type Warehouse } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { parseMacroArgs } from './parse-vars.ts'
import { artifactOptions } from './previous-state.ts'
import { saveResults } from './save-artifacts.ts'
import { explained } from './show-rows.ts'
import { templateFlags } from './template-flags.ts'
import { openWorkspace, publishedScope, withOpenWarehouse } from './workspace.ts'

/** dbt's name for SQL that is no node's. */
const inlineQuery = 'inline_query'

/** A macro to call with arguments in YAML, or SQL to send. */
export type Operation =
  | { readonly macro: string; readonly args: string | undefined }
  | { readonly sql: string; readonly macro?: undefined; readonly args?: undefined }

/** Carries out an operation on one session; what a macro logs and prints is said as it happens. */
export async function runOperation(context: CommandContext, operation: Operation): Promise<ExitCode> {
  const { macro = null } = operation
  const args = parseMacroArgs(operation.args)
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
    warehouse.withSession(async (session) => {
      const published = publishedScope(context, false)
      const comment = renderer.queryComment(null, macro === null ? inlineQuery : `macro_${macro}`, published)
      const commented = commentedSession(session, comment)
      const scope = {
        ...published,
        ask: askOn(commented),
        flags: templateFlags(context),
      }
      if (operation.macro !== undefined) return renderer.runOperation(operation.macro, args, scope)
      const { text } = await renderer.compileInline(operation.sql, scope)
      for (const statement of splitStatements(text))
        await commented.query(unsafeSql(statement.text)).catch((error: unknown) => {
          throw explained(error, null, renderer, operation.sql)
        })
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
  context.narrator.note(`${macro ?? 'the SQL'} has run`)
  return 0
}
