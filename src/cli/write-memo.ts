import { writeFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { type JobNode, relationKey } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { existingRelations, relationIdent, sql } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { experimentNamed } from './show-experiments.ts'
import { openWorkspace, shownPath, type Workspace, withOpenWarehouse } from './workspace.ts'

export interface MemoFlags {
  readonly format?: 'markdown' | 'html'
  /** Where it is written. */
  readonly to?: string
}

/** Prints the published memo of an experiment, or writes it into a file. */
export async function writeMemo(context: CommandContext, flags: MemoFlags, name: string): Promise<ExitCode> {
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const { experimentsIn } = await import('../run/experiment-standing.ts')
  const node = experimentNamed(experimentsIn(workspace.manifest), name)
  return writeMemoOf(context, workspace, node, flags, async (memo) => memo)
}

/** The same for any job that writes a memo, with what is to be added to it. */
export async function writeMemoOf(
  context: CommandContext,
  workspace: Workspace,
  node: JobNode,
  flags: MemoFlags,
  completed: (memo: string, format: 'markdown' | 'html') => Promise<string>,
): Promise<ExitCode> {
  const relation = node.tables.find(({ suffix }) => suffix === 'memo')!.relation
  const format = flags.format ?? (/^\.html?$/i.test(extname(flags.to ?? '')) ? 'html' : 'markdown')
  const written = await withOpenWarehouse(context, workspace, 1, async (warehouse) => {
    if ((await existingRelations(warehouse, [relation])).length === 0) return undefined
    const { rows } = await warehouse.query<{ document: string }>(
      sql`select document from ${relationIdent(relation)} where format = ${format}`,
    )
    return rows[0]?.document
  })
  if (written === undefined)
    throw new ProblemError(
      makeProblem(
        'selection-empty',
        `'${node.name}' has no memo yet: ${relationKey(relation)} is not there`,
        {
          hint: `estimand build --select +${node.name} makes it`,
        },
      ),
    )
  const memo = await completed(written, format)
  if (flags.to === undefined) context.terminal.out.write(memo)
  else {
    const path = resolve(context.workingDirectory, flags.to)
    try {
      writeFileSync(path, memo)
    } catch (error) {
      throw new ProblemError(
        makeProblem('usage', `${path} cannot be written: ${(error as Error).message}`, {
          hint: 'name a file in a folder that is there: --to memo.html',
        }),
      )
    }
    context.narrator.note(`The memo is in ${shownPath(context, path)}`)
  }
  return 0
}
