import { relative } from 'node:path'
import type { CompileOptions } from '../compile/compile.ts'
import type { RenderScope } from '../compile/renderer.ts'
import type { Relation } from '../core/node.ts'
import { tellTemplate } from '../run/events/tell-template.ts'
import { publishedFunction, publishedRelation } from '../run/run-scope.ts'
import type { Connection, Warehouse } from '../warehouse/index.ts'
import type { CompiledWorkspace } from './cache/compiled-workspace.ts'
import type { CommandContext } from './command-context.ts'
import { type OpenTarget, openTarget, startLog } from './open-target.ts'
import { templateFlags } from './template-flags.ts'

/*
 * What a command works in: the project compiled for its target. No database is needed for that; a command that
 * wants one asks for it, and it is closed again behind the command.
 */

export interface Workspace extends OpenTarget, CompiledWorkspace {
  /** The values of --vars and of flags that are short for it. */
  readonly vars: Readonly<Record<string, unknown>>
}

/** Reads and compiles the project. `sugar` holds values of flags that are short for --vars. */
export async function openWorkspace(
  context: CommandContext,
  sugar: Readonly<Record<string, unknown>> = {},
  { checksSql = true }: Pick<CompileOptions, 'checksSql'> = {},
): Promise<Workspace> {
  const { narrator, signal, flags } = context
  const vars = { ...(await varsOf(flags.vars)), ...sugar }
  const opened = await openTarget(context)
  await startLog(context, opened)
  narrator.phase('Compiling the project')
  const { compileWorkspace } = await import('./cache/compiled-workspace.ts')
  const compiled = await compileWorkspace(context, {
    opened,
    vars,
    how: { checksSql, checksVersion: flags.versionCheck !== false },
    reuses: flags.partialParse ?? opened.config.flags['partial_parse'] !== false,
    keeps: flags.writeJson !== false,
    check: (names) => checkNames(sugar, names),
  })
  narrator.done()
  const { tellWarnings } = await import('./warning-policy.ts')
  tellWarnings(compiled.warnings, context)
  signal.throwIfAborted()
  return Object.assign(compiled, opened, { vars })
}

/** What reads YAML is large, and most commands have no --vars. */
async function varsOf(text: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (text === undefined) return {}
  const { parseVars } = await import('./parse-vars.ts')
  return parseVars(text)
}

async function checkNames(sugar: Readonly<Record<string, unknown>>, names: readonly string[]): Promise<void> {
  if (Object.keys(sugar).length === 0) return
  const { checkSugar } = await import('./parse-vars.ts')
  checkSugar(sugar, names)
}

/** Connects to the target's warehouse, starting the embedded one if need be, and closes it after the body. */
export async function withOpenWarehouse<T>(
  context: CommandContext,
  opened: OpenTarget,
  threads: number,
  body: (warehouse: Warehouse, connection: Connection) => Promise<T>,
): Promise<T> {
  const { narrator, signal, command } = context
  const { resolveConnection, withWarehouse } = await import('../warehouse/index.ts')
  narrator.phase('Connecting to the warehouse')
  const connection = await resolveConnection(opened.chosen, opened.root, embeddedEffects(context))
  const onFull = (words: string) => narrator.note(words)
  const options = { threads, applicationName: `estimand ${command}`, signal, onFull }
  return withWarehouse(connection, options, async (warehouse) => {
    narrator.done()
    return body(warehouse, connection)
  })
}

/** How templates are rendered outside a run: relations stand where they are published, or where --defer has them. */
export function publishedScope(
  context: CommandContext,
  fullRefresh: boolean,
  deferred?: ReadonlyMap<string, Relation>,
): RenderScope {
  const { clock, events, narrator } = context
  return {
    relationOf: publishedRelation({ deferred }),
    functionOf: publishedFunction({ deferred }),
    isIncremental: false,
    fullRefresh,
    runStartedAt: clock(),
    invocationId: events.invocationId,
    log: (message, voice) => {
      tellTemplate(message, voice, events)
      if (voice !== 'debug') narrator.show(message)
    },
    flags: templateFlags(context),
  }
}

/** What the embedded server needs: what it says is told as a phase of the command. */
export function embeddedEffects(context: CommandContext) {
  const { narrator, clock, environment: env, signal } = context
  const report = (text: string): void => narrator.phase(text.charAt(0).toUpperCase() + text.slice(1))
  return { report, clock, env, signal }
}

/** A path as a person standing in the working directory would write it. */
export function shownPath(context: CommandContext, path: string): string {
  const shown = relative(context.workingDirectory, path)
  return shown.startsWith('..') ? path : shown || '.'
}
