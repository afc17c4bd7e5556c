import type { CommandContext } from './command-context.ts'
import type { RunFlags } from './flags.ts'

/** What templates see as `flags`: what the command line says, under dbt's names. */
export function templateFlags(
  { command, flags: globals }: Pick<CommandContext, 'command' | 'flags'>,
  flags: Partial<RunFlags> = {},
): Readonly<Record<string, unknown>> {
  const said = {
    WHICH: dbtCommand(command),
    PRINT: globals.print,
    QUIET: globals.quiet,
    DEBUG: globals.debug,
    WARN_ERROR: globals.warnError,
    WRITE_JSON: globals.writeJson,
    PROFILES_DIR: globals.profilesDir,
    TARGET_PATH: globals.targetPath,
    DEFER: flags.defer,
    FAVOR_STATE: flags.favorState,
    FAIL_FAST: flags.failFast,
    STORE_FAILURES: flags.storeFailures,
    SELECT: flags.select,
    EXCLUDE: flags.exclude,
    INDIRECT_SELECTION: flags.indirectSelection,
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

/** The word by which dbt knows a command: `freshness` for `source freshness`. */
function dbtCommand(command: string): string {
  const word = command.split(' ').at(-1)!
  return word === 'ls' ? 'list' : word
}
