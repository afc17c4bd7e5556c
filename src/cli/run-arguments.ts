import type { GlobalFlags, RunFlags } from './flags.ts'
import { parseVars } from './parse-vars.ts'

/*
 * The flags of a run as run_results.json keeps them, under dbt's names, and back: retry runs with the same.
 */

type Arguments = Readonly<Record<string, unknown>>

/** The flags that mean something to a run like this one. */
export function runArguments(globals: GlobalFlags, flags: RunFlags): Arguments {
  return {
    vars: parseVars(globals.vars),
    // As in dbt only where somebody named it: one that nobody named gives way to DATABASE_URL, in a retry as well.
    ...(globals.target !== undefined && { target: globals.target }),
    ...(globals.warnError !== undefined && { warn_error: globals.warnError }),
    select: [...(flags.select ?? []), ...(flags.models ?? [])],
    exclude: flags.exclude ?? [],
    ...Object.fromEntries(
      kept.flatMap(([key, name]) => (flags[key] === undefined ? [] : [[name, plain(flags[key])]])),
    ),
  }
}

/** The flags that a run had. */
export function runFlagsOf(args: Arguments): {
  readonly globals: Pick<GlobalFlags, 'vars' | 'target'>
  readonly flags: Partial<RunFlags>
} {
  const { vars, target } = args
  const flags = Object.fromEntries(
    kept.flatMap(([key, name]) =>
      args[name] === undefined || args[name] === null
        ? []
        : [[key, times.has(key) ? new Date(String(args[name])) : args[name]]],
    ),
  )
  return {
    globals: {
      ...(typeof vars === 'object' && vars !== null && { vars: JSON.stringify(vars) }),
      ...(typeof target === 'string' && { target }),
    },
    flags,
  }
}

/** Flags with their names in run_results.json. */
const kept: readonly (readonly [keyof RunFlags, string])[] = [
  ['selector', 'selector'],
  ['indirectSelection', 'indirect_selection'],
  ['state', 'state'],
  ['defer', 'defer'],
  ['deferState', 'defer_state'],
  ['favorState', 'favor_state'],
  ['fullRefresh', 'full_refresh'],
  ['failFast', 'fail_fast'],
  ['publish', 'publish'],
  ['reuse', 'reuse'],
  ['empty', 'empty'],
  ['sample', 'sample'],
  ['eventTimeStart', 'event_time_start'],
  ['eventTimeEnd', 'event_time_end'],
  ['storeFailures', 'store_failures'],
]
const times: ReadonlySet<string> = new Set(['eventTimeStart', 'eventTimeEnd'])

function plain(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value
}
