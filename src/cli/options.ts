import { type Command, InvalidArgumentError, Option } from 'commander'
import { eventLevels } from '../core/events/event-names.ts'
import { indirectSelections } from '../core/selection/selection-spec.ts'
import { acceptedOptions } from './accepted-options.ts'
import { environmentVariableFor, isTrueInEnvironment } from './environment-flags.ts'
import { resourceTypeFlags } from './flags.ts'
import type { Environment } from './output.ts'

/*
 * The options that commands share, in dbt's spelling. Each group is added to a command by one function.
 */

/** Adds groups of options to commands; it knows the environment, which may set some of them. */
export interface OptionGroups {
  readonly global: (command: Command) => Command
  readonly selection: (command: Command) => Command
  /** Part of `selection`, for commands that select by something else. */
  readonly state: (command: Command) => Command
  readonly deferral: (command: Command) => Command
  readonly sampling: (command: Command) => Command
  /** Part of `sampling`, for commands that only look. */
  readonly eventTime: (command: Command) => Command
  /** Part of `sampling`, for commands whose nodes read nothing. */
  readonly empty: (command: Command) => Command
  readonly storeFailures: (command: Command) => Command
  readonly execution: (command: Command) => Command
  readonly fullRefresh: (command: Command) => Command
  /** Part of `execution`, for commands that only look. */
  readonly reuse: (command: Command) => Command
}

export function makeOptionGroups(environment: Environment): OptionGroups {
  const fromEnvironment = (option: Option): Option => bindToEnvironment(option, environment)
  const add = (command: Command, options: readonly Option[]): Command => {
    for (const option of options) command.addOption(option)
    return command
  }
  return {
    global: (command) =>
      add(command, [...globalOptions().map(fromEnvironment), ...colorOptions(), ...acceptedOptions()]),
    selection: (command) =>
      add(command, [
        ...selectOptions(),
        ...resourceTypeOptions(),
        ...[indirectSelectionOption(), ...stateOptions()].map(fromEnvironment),
      ]),
    state: (command) => add(command, stateOptions().map(fromEnvironment)),
    deferral: (command) => add(command, deferOptions().map(fromEnvironment)),
    sampling: (command) => add(command, [...emptyOptions(), ...samplingOptions()].map(fromEnvironment)),
    eventTime: (command) => add(command, eventTimeOptions().map(fromEnvironment)),
    empty: (command) => add(command, emptyOptions().map(fromEnvironment)),
    storeFailures: (command) => add(command, [fromEnvironment(storeFailuresOption())]),
    execution: (command) =>
      add(command, [
        ...executionOptions().map(fromEnvironment),
        outputOption(),
        new Option('--no-fail-fast', 'the opposite').hideHelp(),
      ]),
    reuse: (command) => add(command, reuseOptions().map(fromEnvironment)),
    fullRefresh: (command) =>
      add(command, [
        fromEnvironment(fullRefreshOption()),
        new Option('--no-full-refresh', 'the opposite').hideHelp(),
      ]),
  }
}

const logLevels = [...eventLevels, 'none']

function globalOptions(): Option[] {
  return [
    new Option('--project-dir <dir>', 'the folder with project.yml (default: here or the nearest one above)'),
    new Option(
      '--target-path <dir>',
      "where compiled SQL and artifacts are written (default: the project's target/)",
    ),
    new Option('-t, --target <name>', 'the target of project.yml to work on'),
    new Option('--profile <name>', 'the profile of profiles.yml, for a dbt project'),
    new Option(
      '--profiles-dir <dir>',
      'the folder with profiles.yml (default: here, the project, or ~/.dbt)',
    ),
    new Option('--vars <yaml>', "values for var() and load parameters, as YAML or JSON: '{events: 50000}'"),
    new Option('-q, --quiet', 'print nothing but problems and what was asked for'),
    new Option('-d, --debug', 'print details, and the stack of an unexpected error'),
    new Option('--log-format <format>', 'how progress is printed')
      .choices(['text', 'json', 'debug', 'default'])
      .default('text'),
    new Option('--log-path <dir>', "where logs are written (default: the project's logs/)"),
    new Option('--log-level <level>', 'what is told: from warn on, problems only').choices(logLevels),
    new Option('--log-level-file <level>', 'what is written to the log file; debug by default').choices(
      logLevels,
    ),
    new Option(
      '--log-format-file <format>',
      'the format of the log file, if another than --log-format',
    ).choices(['text', 'json', 'debug', 'default']),
    new Option('--log-file-max-bytes <n>', 'how long the log file gets before another is begun; 0 for ever')
      .argParser(parseWholeNumber)
      .default(10 * 1024 * 1024),
    new Option('--warn-error', 'take warnings for errors'),
    new Option(
      '--warn-error-options <yaml>',
      "which warnings are errors and which are not told: '{error: all, silence: [selection-empty]}'",
    ),
    new Option('--no-write-json', 'write no artifacts to target/'),
    new Option('--no-version-check', 'do not say which versions of dbt the project and its packages ask for'),
    new Option('--version-check', 'the opposite').hideHelp(),
    new Option('--no-partial-parse', 'compile everything, not only what has changed since the last command'),
    new Option('--partial-parse', 'the opposite').hideHelp(),
    new Option('--no-print', 'do not show what templates print()'),
  ]
}

/** NO_COLOR and FORCE_COLOR rule colours in the environment, as everywhere. */
function colorOptions(): Option[] {
  return [
    new Option('--no-color', 'print without colours'),
    new Option('--no-use-colors', "dbt's spelling of --no-color").hideHelp(),
  ]
}

function selectOptions(): Option[] {
  return [
    new Option(
      '-s, --select <selector...>',
      'nodes to take: names, tag:, path:, source:, with + for parents or children',
    ),
    new Option('-m, --models <selector...>', 'the same as --select'),
    alsoSaid(new Option('--model <selector...>', 'the same as --select'), 'models'),
    new Option('--exclude <selector...>', 'nodes to leave out'),
    new Option('--selector <name>', 'a selection of selectors.yml, instead of --select and --exclude'),
  ]
}

/** Another spelling of an option: its values are kept as those of the other. */
function alsoSaid(option: Option, name: string): Option {
  option.attributeName = () => name
  return option.hideHelp()
}

function indirectSelectionOption(): Option {
  return new Option(
    '--indirect-selection <mode>',
    'which tests come with the nodes that they test; eager by default',
  ).choices(indirectSelections)
}

function resourceTypeOptions(): Option[] {
  return [
    new Option('--resource-type <type...>', 'only nodes of these types').choices(resourceTypeFlags),
    new Option('--exclude-resource-type <type...>', 'no nodes of these types').choices(resourceTypeFlags),
    alsoSaid(
      new Option('--exclude-resource-types <type...>', 'the same').choices(resourceTypeFlags),
      'excludeResourceType',
    ),
    new Option('--resource-types <type...>', "an older spelling of dbt's for --resource-type")
      .choices(resourceTypeFlags)
      .hideHelp(),
  ]
}

function stateOptions(): Option[] {
  return [new Option('--state <dir>', 'artifacts of an earlier command, for state:, result: and --defer')]
}

function deferOptions(): Option[] {
  return [
    new Option('--defer', 'read what the target does not have where the state has it'),
    new Option('--no-defer', 'read everything in the target'),
    new Option('--defer-state <dir>', 'the artifacts for --defer, when --state is about others'),
    new Option('--favor-state', 'read what is not selected in the state, also where the target has it'),
    new Option('--no-favor-state', 'the opposite').hideHelp(),
  ]
}

function emptyOptions(): Option[] {
  return [
    new Option('--empty', 'read everything as if it had no rows: to check that the SQL works'),
    new Option('--no-empty', 'the opposite').hideHelp(),
  ]
}

function samplingOptions(): Option[] {
  return [
    new Option(
      '--sample <window>',
      "read only this window of what has an event_time: '3 days', '{start: 2026-01-01, end: 2026-01-08}'",
    ),
    ...eventTimeOptions(),
  ]
}

function eventTimeOptions(): Option[] {
  return [
    new Option(
      '--event-time-start <time>',
      'build models that are built by time from this time on, and only this',
    ).argParser(parseTime),
    new Option('--event-time-end <time>', 'build models that are built by time up to this time').argParser(
      parseTime,
    ),
  ]
}

function storeFailuresOption(): Option {
  return new Option('--store-failures', 'keep the rows that fail a test')
}

function executionOptions(): Option[] {
  return [
    new Option('--threads <n>', 'nodes to work on at the same time').argParser(parseCount),
    new Option('-x, --fail-fast', 'stop at the first failure'),
    new Option(
      '--publish <mode>',
      'show everything at the end of the run, or each node when it is done',
    ).choices(['run', 'node']),
    ...reuseOptions(),
    new Option('--wait-timeout <seconds>', 'how long to wait for runs that publish some of the same')
      .argParser(parseSeconds)
      .default(3600),
    new Option('--no-wait', 'do not wait for them, but say who they are'),
    new Option(
      '--publish-timeout <seconds>',
      'how long to go on trying to publish while others hold on to what is published',
    ).argParser(parseSeconds),
  ]
}

/** Whether what is unchanged stays: also for a plan. */
function reuseOptions(): Option[] {
  // The positive one first: otherwise commander takes it for given, and the project and a retry have no say.
  return [
    new Option('--reuse', 'the opposite of --no-reuse, where the project says reuse: false').hideHelp(),
    new Option('--no-reuse', 'build everything, also what is known to come out as it was published'),
  ]
}

/** The format of what a command was asked for. */
export function outputOption(
  formats: readonly string[] = ['json'],
  what = 'text for people, or one JSON document on stdout',
): Option {
  return new Option('--output <format>', what).choices(['text', ...formats]).default('text')
}

function fullRefreshOption(): Option {
  return new Option('-f, --full-refresh', 'build incremental models and loads anew')
}

/** Lets the environment set the option. commander takes a flag for set when its variable exists, whatever it says. */
function bindToEnvironment(option: Option, environment: Environment): Option {
  const positive = option.negate ? option.long!.replace('--no-', '--') : option.long!
  const name = environmentVariableFor(positive, environment)
  if (name === null) return option
  if (option.required || option.optional) return option.env(name)
  const isYes = isTrueInEnvironment(name, environment)
  return isYes !== option.negate ? option.env(name) : option
}

/** A whole number from 1; `10_000_000` and `10M` are read as people mean them. */
export function parseCount(text: string): number {
  const match = /^(\d[\d_]*)([kKmM]?)$/.exec(text.trim())
  const scale = { '': 1, k: 1_000, m: 1_000_000 }[match?.[2]?.toLowerCase() ?? '']!
  const value = match ? Number(match[1]!.replaceAll('_', '')) * scale : Number.NaN
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.')
  return value
}

/** A whole number from 0. */
export function parseWholeNumber(text: string): number {
  if (!/^\d+$/.test(text.trim()) || !Number.isSafeInteger(Number(text))) {
    throw new InvalidArgumentError('It must be a whole number.')
  }
  return Number(text)
}

/** A number of seconds from 0. */
export function parseSeconds(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('It must be a number of seconds.')
  }
  return value
}

/** An instant: a date or a time, in UTC where it names no zone. */
export function parseTime(text: string): Date {
  const trimmed = text.trim()
  const hasZone = /([zZ]|[+-]\d\d:?\d\d)$/.test(trimmed)
  const isDate = /^\d{4}-\d\d-\d\d$/.test(trimmed)
  const time = new Date(hasZone || isDate ? trimmed : `${trimmed.replace(' ', 'T')}Z`)
  if (!/^\d{4}-\d\d-\d\d/.test(trimmed) || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('It must be a date or a time: 2026-01-31, 2026-01-31T12:00:00.')
  }
  return time
}
