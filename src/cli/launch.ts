import type { Command } from 'commander'
import { customVariables } from '../core/events/custom-variables.ts'
import { makeEventStream } from '../core/events/event-stream.ts'
import { watchForCancel } from './cancellation.ts'
import type { CommandBody, CommandContext, ExitCode, Launch } from './command-context.ts'
import { makeCommandLog } from './command-log.ts'
import { makeJsonNarrator, makeTextNarrator, type NarratorOptions } from './display/narrator.ts'
import { makePlainScreen, makeScreen } from './display/screen.ts'
import { explainError } from './explain-error.ts'
import type { GlobalFlags } from './flags.ts'
import { makeTerminal, type Output } from './output.ts'
import { withProjectFlags } from './project-flags.ts'
import { makeScrub } from './scrub.ts'
import type { Surroundings } from './surroundings.ts'
import { packageVersion } from './version.ts'

/** Beside something that was asked for, only what takes noticeably long is worth a line. */
const patienceMs = 1000

/** Makes the function that runs a command's body with everything around it: log, narrator, Ctrl-C, errors. */
export function makeLaunch(
  surroundings: Surroundings,
  finish: (exitCode: number) => void,
  run: (argv: readonly string[], surroundings: Surroundings) => Promise<number>,
): Launch {
  return <Flags>(body: CommandBody<Flags>, narrateOn: Parameters<Launch>[1] = 'err', onCancel?: string) =>
    async (...received: unknown[]) => {
      const command = received.at(-1) as Command
      const typed = command.optsWithGlobals<GlobalFlags & Flags & { output?: string }>()
      const flags = settled(await withProjectFlags(typed, command, surroundings))
      // What a program reads from stdout must be that alone.
      const plainSide = narrateOn === 'out' && flags.output !== 'json' ? 'out' : 'err'
      const side = narrateOn === 'events' && flags.logFormat === 'json' ? 'out' : plainSide
      const runWithin: CommandContext['runWithin'] = (argv, changes) =>
        run(argv, { ...surroundings, ...changes })
      const { context, release } = await makeContext(pathOf(command), flags, side, {
        ...{ ...surroundings, runWithin },
        ...(onCancel !== undefined && { onCancel }),
      })
      const end = tellCommand(context)
      try {
        finish(end(await body(context, flags, command.args)))
      } catch (error) {
        context.narrator.done()
        finish(end(explainError(error, context, narrateOn === 'out' && flags.output === 'json')))
      } finally {
        context.narrator.screen.close()
        release()
      }
    }
}

/** Tells that a command begins and, by what is returned, how it ends. */
function tellCommand({ command, events, clock, startedAt }: CommandContext): (code: ExitCode) => ExitCode {
  const version = packageVersion()
  events.tell({
    name: 'MainReportVersion',
    level: 'info',
    msg: `Running with estimand=${version}`,
    data: { version: `=${version}`, log_version: 3 },
  })
  return (code) => {
    const success = code === 0
    const completed_at = clock().toISOString()
    const elapsed = (clock().getTime() - startedAt.getTime()) / 1000
    const msg = `Command estimand ${command} ${success ? 'succeeded' : 'failed'} after ${elapsed.toFixed(2)} seconds`
    const data = { command: `estimand ${command}`, completed_at, elapsed, success }
    events.tell({ name: 'CommandCompleted', level: 'debug', msg, data })
    return code
  }
}

/** dbt's ways of asking for less or for more come down to quiet and debug. */
function settled<Flags extends GlobalFlags>(flags: Flags): Flags {
  const { logFormat, logLevel } = flags
  const isQuiet = logLevel === 'warn' || logLevel === 'error' || logLevel === 'none'
  const isDebug = logLevel === 'debug' || logFormat === 'debug'
  const said = flags.debug || isDebug ? 'debug' : flags.quiet ? 'warn' : 'info'
  const { logFormatFile = logFormat } = flags
  return {
    ...flags,
    logLevel: logLevel === undefined || logLevel === 'info' ? said : logLevel,
    logFormatFile: logFormatFile === 'json' ? 'json' : 'text',
    logFormat: logFormat === 'json' ? 'json' : 'text',
    quiet: flags.quiet || isQuiet,
    debug: flags.debug || isDebug,
  }
}

async function makeContext(
  command: string,
  flags: GlobalFlags & { useColors?: boolean; projectColors?: boolean },
  side: 'out' | 'err',
  surroundings: Surroundings & Pick<CommandContext, 'runWithin'> & { readonly onCancel?: string },
): Promise<{ readonly context: CommandContext; readonly release: () => void }> {
  const { clock, environment, workingDirectory, processId, newId, signals, exit, goingOn, runWithin } =
    surroundings
  const startedAt = clock()
  const color = flags.color === false || flags.useColors === false ? false : flags.projectColors
  const terminal = makeTerminal(surroundings, environment, color)
  const events = makeEventStream({
    ...{ invocationId: newId(), processId, clock, scrub: makeScrub(environment) },
    extra: customVariables(environment),
  })
  const log = makeCommandLog(events, {
    format: flags.logFormatFile === 'json' ? 'json' : 'text',
    level: flags.logLevelFile ?? 'debug',
    maxBytes: flags.logFileMaxBytes ?? 0,
  })
  const narrator = await makeNarrator(terminal[side], flags, {
    clock,
    events,
    quiet: flags.quiet ?? false,
    level: flags.logLevel ?? 'info',
    patienceMs: side === 'out' ? 0 : patienceMs,
  })
  const cancellation = watchForCancel(signals, {
    say: (message) => {
      log.write('warn', message)
      narrator.screen.print(message)
    },
    exit: (code) => {
      narrator.screen.close()
      exit(code)
    },
    ...(surroundings.onCancel !== undefined && { begins: surroundings.onCancel }),
  })
  const { signal, release } = cancellation
  const context = {
    command,
    flags,
    terminal,
    environment,
    workingDirectory,
    clock,
    startedAt,
    newId,
    signal,
    events,
    log,
    narrator,
    runWithin,
    ...(goingOn && { goingOn }),
  }
  return { context, release }
}

async function makeNarrator(output: Output, flags: GlobalFlags, options: NarratorOptions) {
  return flags.logFormat === 'json'
    ? makeJsonNarrator(makePlainScreen(output), options)
    : makeTextNarrator(await makeScreen(output), options)
}

/** `db start` for a command within a command. */
function pathOf(command: Command): string {
  const names: string[] = []
  for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name())
  return names.join(' ')
}
