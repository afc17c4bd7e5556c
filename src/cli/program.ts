import { Command, type CommanderError } from 'commander'
import { acceptFlagsOfDbt } from './accepted-options.ts'
import type { Launch } from './command-context.ts'
import { defineAudit } from './commands/audit.ts'
import { defineBackfill } from './commands/backfill.ts'
import { defineBuild } from './commands/build.ts'
import { defineCausal } from './commands/causal.ts'
import { defineClean } from './commands/clean.ts'
import { defineClone } from './commands/clone.ts'
import { defineCompile } from './commands/compile.ts'
import { defineDag } from './commands/dag.ts'
import { defineDb } from './commands/db.ts'
import { defineDebug } from './commands/debug.ts'
import { defineDeps } from './commands/deps.ts'
import { defineDocs } from './commands/docs.ts'
import { defineDrift } from './commands/drift.ts'
import { defineExperiment } from './commands/experiment.ts'
import { defineExport } from './commands/export.ts'
import { defineGenerate } from './commands/generate.ts'
import { defineInit } from './commands/init.ts'
import { defineLineage } from './commands/lineage.ts'
import { defineList } from './commands/list.ts'
import { defineLoad } from './commands/load.ts'
import { defineParse } from './commands/parse.ts'
import { definePlan } from './commands/plan.ts'
import { definePower } from './commands/power.ts'
import { defineProfile } from './commands/profile.ts'
import { defineRetry } from './commands/retry.ts'
import { defineRollback } from './commands/rollback.ts'
import { defineRun } from './commands/run.ts'
import { defineRunOperation } from './commands/run-operation.ts'
import { defineRuns } from './commands/runs.ts'
import { defineScheduler, defineWorker } from './commands/scheduler.ts'
import { defineSeed } from './commands/seed.ts'
import { defineShow } from './commands/show.ts'
import { defineSnapshot } from './commands/snapshot.ts'
import { defineSource } from './commands/source.ts'
import { defineStart } from './commands/start.ts'
import { defineStream } from './commands/stream.ts'
import { defineTest } from './commands/test.ts'
import type { CommandDefiner, CommandPlace } from './define-command.ts'
import { examples } from './examples.ts'
import { makeOptionGroups } from './options.ts'
import type { Surroundings } from './surroundings.ts'
import { packageVersion } from './version.ts'

/** What commander found wrong, or help or version that were asked for, with the command that it happened in. */
export class UsageError extends Error {
  override readonly cause: CommanderError
  readonly commandPath: string

  constructor(cause: CommanderError, commandPath: string) {
    super(cause.message)
    this.cause = cause
    this.commandPath = commandPath
  }
}

const groups: readonly { readonly title: string; readonly definers: readonly CommandDefiner[] }[] = [
  { title: 'The main job:', definers: [defineStart] },
  {
    title: 'Run nodes:',
    definers: [
      defineBuild,
      defineRun,
      defineTest,
      defineSeed,
      defineSnapshot,
      defineLoad,
      defineGenerate,
      defineStream,
      defineBackfill,
      defineRetry,
      defineRunOperation,
      defineClone,
      defineRollback,
    ],
  },
  {
    title: 'Look:',
    definers: [
      defineList,
      defineParse,
      defineCompile,
      defineShow,
      defineProfile,
      defineExperiment,
      defineCausal,
      defineDrift,
      defineAudit,
      definePower,
      definePlan,
      defineLineage,
      defineExport,
      defineDocs,
      defineSource,
      defineDebug,
    ],
  },
  { title: 'Schedule:', definers: [defineDag, defineRuns, defineScheduler, defineWorker] },
  { title: 'Keep house:', definers: [defineInit, defineDb, defineDeps, defineClean] },
]

/** The whole command line. Building it loads nothing that a command works with: help and version are quick. */
export function makeProgram(surroundings: Surroundings, launch: Launch): Command {
  const { stdout, stderr, environment } = surroundings
  const options = makeOptionGroups(environment)
  const program = new Command('estimand')
    .description('SQL models and causal estimates in one DAG, for Postgres.')
    .version(`estimand ${packageVersion()}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpCommand(
      new Command('help')
        .argument('[command]')
        .description('print help for a command')
        .helpOption(false)
        .helpGroup('Keep house:'),
    )
    .usage('<command> [options]')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      // Errors are printed as problems by whoever catches them.
      outputError: () => {},
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
    })
    .exitOverride((error) => {
      throw new UsageError(error, 'estimand')
    })
  options.global(program)
  const place: CommandPlace = {
    options,
    launch,
    command: (parent, name) => {
      const path = parent === program ? `estimand ${name}` : `estimand ${parent.name()} ${name}`
      return parent
        .command(name)
        .usage('[options]')
        .exitOverride((error) => {
          throw new UsageError(error, path)
        })
    },
  }
  for (const { title, definers } of groups) {
    program.commandsGroup(title)
    for (const define of definers) define(program, place)
  }
  acceptFlagsOfDbt(program.commands)
  return program.addHelpText(
    'after',
    examples([
      ['estimand start', 'build everything, on a PostgreSQL that comes along'],
      ['estimand build --select +daily_user_metrics', 'one model with all that it is made from'],
      ['estimand ls --resource-type test', 'name the tests'],
      ['psql $(estimand db url)', 'look at the tables'],
    ]),
  )
}
