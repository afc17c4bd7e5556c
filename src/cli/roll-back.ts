import { relationKey } from '../core/node.ts'
import type { Rollback } from '../run/rollback.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCounted } from './display/numbers.ts'
import { startedBy } from './started-by.ts'
import { openWorkspace, withOpenWarehouse } from './workspace.ts'

export interface RollbackFlags {
  readonly to?: string
  readonly dryRun?: boolean
  readonly output: 'text' | 'json'
}

/** How long to wait for runs that publish some of the same. */
const waitMs = 60_000

/** Puts back what the last publication replaced. */
export async function rollBack(context: CommandContext, flags: RollbackFlags): Promise<ExitCode> {
  const workspace = await openWorkspace(context, undefined, { checksSql: false })
  const { rollback } = await import('../run/rollback.ts')
  const done = await withOpenWarehouse(context, workspace, 1, (warehouse) =>
    rollback({
      warehouse,
      owner: {
        project: workspace.manifest.project,
        target: warehouse.target.name,
        schema: warehouse.target.schema,
      },
      runId: context.newId(),
      ...(flags.to !== undefined && { to: flags.to }),
      dryRun: flags.dryRun ?? false,
      waitMs,
      startedBy: startedBy(),
      clock: context.clock,
      signal: context.signal,
      say: (words) => context.narrator.note(words),
    }),
  )
  const { out } = context.terminal
  if (flags.output === 'json') out.write(`${JSON.stringify(documentOf(done), null, 2)}\n`)
  else for (const line of linesOf(done)) out.write(`${line}\n`)
  const would = flags.dryRun ? 'would be put back' : 'put back'
  context.narrator.note(`${formatCounted(done.restored.length, 'relation')} ${would}`)
  return 0
}

function linesOf({ undone, restored, left }: Rollback): string[] {
  return [
    ...undone.map(({ runId, command, publishedAt }) => `takes back  ${command} ${runId} of ${publishedAt}`),
    ...restored.map(
      ({ relation, kind }) => `puts back   ${relationKey(relation)} (${kind.replace('_', ' ')})`,
    ),
    ...left.map((relation) => `leaves      ${relationKey(relation)}: there was none before`),
  ]
}

function documentOf({ undone, restored, left }: Rollback) {
  return {
    undone: undone.map(({ runId, command, publishedAt }) => ({ runId, command, publishedAt })),
    restored: restored.map(({ relation, kind }) => ({ relation: relationKey(relation), kind })),
    left: left.map(relationKey),
  }
}
