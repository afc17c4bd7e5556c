import { createInterface } from 'node:readline/promises'
import { makeProblem, ProblemError } from '../core/problem.ts'
import {
  connectionUrl,
  embeddedServerStatus,
  ensureEmbeddedServer,
  resetEmbeddedServer,
  resolveConnection,
  stopEmbeddedServer,
} from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { statusLines } from './display/database-status.ts'
import { findRoot, openTarget, startLog } from './open-target.ts'
import { embeddedEffects, shownPath } from './workspace.ts'

/*
 * The commands below `estimand db`. They need the project's folder and nothing of what is in it, so that they
 * work while the project is broken.
 */

/** Starts the embedded server and leaves it running. */
export async function startDatabase(context: CommandContext): Promise<ExitCode> {
  const root = await openRoot(context)
  const server = await ensureEmbeddedServer(root, embeddedEffects(context))
  context.narrator.done()
  const verb = server.started ? 'started' : 'was running already'
  context.terminal.out.write(`PostgreSQL ${verb} on port ${server.port}, process ${server.pid}\n`)
  return 0
}

/** Stops the embedded server. */
export async function stopDatabase(context: CommandContext): Promise<ExitCode> {
  const root = await openRoot(context)
  context.narrator.phase('Stopping PostgreSQL')
  const stopped = await stopEmbeddedServer(root, embeddedEffects(context))
  context.narrator.done()
  context.terminal.out.write(stopped ? 'PostgreSQL stopped; the data stay\n' : 'PostgreSQL was not running\n')
  return 0
}

/** Says whether the embedded server runs, where, and who is connected. */
export async function databaseStatus(
  context: CommandContext,
  flags: { readonly output: 'text' | 'json' },
): Promise<ExitCode> {
  const root = await openRoot(context)
  const status = await embeddedServerStatus(root, embeddedEffects(context))
  const show = (path: string): string => shownPath(context, path)
  const lines = flags.output === 'json' ? [JSON.stringify(status, null, 2)] : statusLines(status, show)
  context.terminal.out.write(`${lines.join('\n')}\n`)
  return 0
}

/** Prints the address of the target's database, password included: it is there to be handed to psql. */
export async function databaseUrl(context: CommandContext): Promise<ExitCode> {
  const opened = await openTarget(context)
  const { chosen, root } = opened
  await startLog(context, opened)
  const connection = await resolveConnection(chosen, root, embeddedEffects(context))
  context.narrator.done()
  context.terminal.out.write(`${connectionUrl(connection, { withPassword: true })}\n`)
  return 0
}

/** Stops the embedded server and deletes its data, after asking. */
export async function resetDatabase(
  context: CommandContext,
  flags: { readonly yes?: boolean; readonly force?: boolean },
): Promise<ExitCode> {
  const root = await openRoot(context)
  if (
    !flags.yes &&
    !(await isConfirmed(
      `Delete all data of the embedded PostgreSQL of ${shownPath(context, root)}?`,
      context,
    ))
  ) {
    context.terminal.out.write('nothing was deleted\n')
    return 0
  }
  context.narrator.phase('Deleting the embedded database')
  await resetEmbeddedServer(root, embeddedEffects(context), { force: flags.force ?? false })
  context.narrator.done()
  context.terminal.out.write('the embedded database is gone; the next command makes a new one\n')
  return 0
}

async function openRoot(context: CommandContext): Promise<string> {
  const root = await findRoot(context)
  await startLog(context, { root })
  return root
}

/** Asks on a terminal; elsewhere nobody can answer, and silence is no consent. */
async function isConfirmed(question: string, context: CommandContext): Promise<boolean> {
  const { err } = context.terminal
  if (!process.stdin.isTTY || !err.interactive) {
    throw new ProblemError(
      makeProblem('usage', 'this deletes data, and nobody is there to be asked', {
        hint: 'say --yes to do it',
      }),
    )
  }
  const prompt = createInterface({ input: process.stdin, output: err.stream })
  try {
    const answer = await prompt.question(`${question} [y/N] `, { signal: context.signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}
