import { Option } from 'commander'

/*
 * Flags of dbt that have nothing to act upon here: what has changed is told from the files themselves, no
 * statistics are sent, the log is always written. They are taken, so that command lines made for dbt go on working, and do nothing.
 */

const switches = [
  'partial-parse-file-diff',
  'populate-cache',
  'cache-selected-only',
  'static-parser',
  'use-experimental-parser',
  'use-fast-test-edges',
  'introspect',
  'send-anonymous-usage-stats',
  'log-cache-events',
  'use-colors-file',
  'show-all-deprecations',
] as const

/** Those that are already the case, so that only saying so needs taking. */
const affirmations = ['write-json', 'print', 'use-colors', 'no-warn-error', 'no-quiet', 'no-debug'] as const

const withValue = ['printer-width', 'record-timing-info'] as const

/** Options that are understood and change nothing. */
export function acceptedOptions(): Option[] {
  const flags = [
    ...switches.flatMap((name) => [`--${name}`, `--no-${name}`]),
    ...affirmations.map((name) => `--${name}`),
    ...withValue.map((name) =>
      name === 'record-timing-info' ? `-r, --${name} <value>` : `--${name} <value>`,
    ),
    '--single-threaded',
    '--macro-debugging',
  ]
  return flags.map((flag) => new Option(flag, 'accepted for the sake of dbt').hideHelp())
}
