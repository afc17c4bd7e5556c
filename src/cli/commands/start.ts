import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'
import { parseCount, parseWholeNumber } from '../options.ts'

interface StartFlags extends RunFlags {
  readonly events?: number
  readonly seed?: number
}

/** `estimand start`: the main job, from nothing to estimates with their truth beside them. */
export const defineStart: CommandDefiner = (program, { command, options, launch }) => {
  const start = command(program, 'start')
    .description('start the warehouse, build the whole DAG, and explain what came out')
    .addOption(
      new Option('--events <n>', 'how many events to generate; short for --vars').argParser(parseCount),
    )
    .addOption(
      new Option('--seed <n>', 'seed of the generated data; short for --vars').argParser(parseWholeNumber),
    )
  options.selection(start)
  options.sampling(start)
  options.storeFailures(start)
  options.fullRefresh(start)
  options.execution(start)
  start.addHelpText(
    'after',
    examples([
      ['estimand start', 'everything, with the data sizes of the project'],
      ['estimand start --events 10M', 'with ten million events'],
      ['DATABASE_URL=postgres://me@host/db estimand start', 'on a server of your own'],
    ]),
  )
  start.action(
    launch<StartFlags>(async (context, flags) => {
      const [{ executeNodes }, { explainStart }] = await Promise.all([
        import('../execute-nodes.ts'),
        import('../explain-start.ts'),
      ])
      const { events, seed } = flags
      const sugar = { ...(events !== undefined && { events }), ...(seed !== undefined && { seed }) }
      return executeNodes(context, flags, { resourceTypes: null, vars: sugar, explain: explainStart })
    }, 'out'),
  )
}
