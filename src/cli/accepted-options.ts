import { type Command, Option } from 'commander'

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
  'hints-enabled',
  'single-threaded',
  'macro-debugging',
  'use-v2-parser',
  'snowflake-projects-otel',
  'upload-to-artifacts-ingest-api',
] as const

/** Those that are already the case, so that only saying so needs taking. */
const affirmations = ['write-json', 'print', 'use-colors', 'no-warn-error', 'no-quiet', 'no-debug'] as const

const withValue = [
  'printer-width',
  'record-timing-info',
  'maximum-seed-size-mib',
  'partial-parse-file-path',
] as const

/** Options that are understood and change nothing. */
export function acceptedOptions(): Option[] {
  const flags = [
    ...switches.flatMap((name) => [`--${name}`, `--no-${name}`]),
    ...affirmations.map((name) => `--${name}`),
    ...withValue.map((name) =>
      name === 'record-timing-info' ? `-r, --${name} <value>` : `--${name} <value>`,
    ),
  ]
  return flags.map(accepted)
}

/** What dbt takes with all of its commands, also where it means nothing. */
const anywhereInDbt = [
  '-x, --fail-fast',
  '--no-fail-fast',
  '--threads <value>',
  '--state <value>',
  '--defer',
  '--no-defer',
  '--defer-state <value>',
  '--favor-state',
  '--no-favor-state',
  '--indirect-selection <value>',
]

/** What it takes with some, and what is so here anyway. */
const withCommandsOfDbt: Readonly<Record<string, readonly string[]>> = {
  build: [
    '--export-saved-queries',
    '--no-export-saved-queries',
    '--include-saved-query',
    '--no-include-saved-query',
  ],
  clean: [],
  clone: [],
  compile: ['--inject-ephemeral-ctes'],
  debug: [],
  deps: [],
  docs: [],
  init: ['--skip-debug'],
  ls: [],
  parse: [],
  retry: [],
  run: [],
  'run-operation': [],
  seed: [],
  show: ['-f, --full-refresh'],
  snapshot: [],
  source: [],
  test: [],
}

/** Adds to dbt's commands what dbt takes with them and they have not; to be called when they have all of their own. */
export function acceptFlagsOfDbt(commands: readonly Command[]): void {
  for (const command of commands) {
    const own = withCommandsOfDbt[command.name()]
    if (!own) continue
    for (const one of command.commands.length > 0 ? command.commands : [command])
      for (const option of [...anywhereInDbt, ...own].map(accepted))
        if (
          one.options.every(({ long, short }) => long !== option.long && (!short || short !== option.short))
        )
          one.addOption(option)
  }
}

function accepted(flag: string): Option {
  return new Option(flag, 'accepted for the sake of dbt').hideHelp()
}
