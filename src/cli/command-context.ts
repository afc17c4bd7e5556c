import type { EventStream } from '../core/events/event-stream.ts'
import type { CommandLog } from './command-log.ts'
import type { Narrator } from './display/narrator.ts'
import type { GlobalFlags } from './flags.ts'
import type { Environment, Terminal } from './output.ts'
import type { GoingOn, Surroundings } from './surroundings.ts'

/** What a command has at hand besides its own flags. */
export interface CommandContext {
  /** The command as typed, without its flags: `run`, `db start`. */
  readonly command: string
  readonly flags: GlobalFlags
  readonly terminal: Terminal
  readonly environment: Environment
  readonly workingDirectory: string
  readonly clock: () => Date
  /** When the command began. */
  readonly startedAt: Date
  /** A new id that no other run has. */
  readonly newId: () => string
  /** Runs another command line within this process, with other surroundings; gives its exit code. */
  readonly runWithin: (argv: readonly string[], changes: Partial<Surroundings>) => Promise<number>
  /** How runs of nodes go on where others were cut off. */
  readonly goingOn?: GoingOn
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal
  /** Everything that the command tells, for whoever wants to hear it. */
  readonly events: EventStream
  readonly log: CommandLog
  readonly narrator: Narrator
}

/** 0: fine; 1: a node or test failed; 2: wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2

/** The work of a command. The problems that it throws are printed and decide the exit code. */
export type CommandBody<Flags> = (
  context: CommandContext,
  flags: Flags,
  args: readonly string[],
) => Promise<ExitCode>

/**
 * Turns the work of a command into the action that commander calls. Commands whose product is the run itself
 * narrate on stdout; those that print something else narrate on stderr, but for `events`, which print it as events
 * where these are asked for, and then all of them on stdout. `onCancel` says what Ctrl-C begins, where that is not to
 * cancel what is at work.
 */
export type Launch = <Flags>(
  body: CommandBody<Flags>,
  narrateOn?: 'out' | 'err' | 'events',
  onCancel?: string,
) => (...received: unknown[]) => Promise<void>
