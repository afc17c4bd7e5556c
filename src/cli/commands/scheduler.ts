import { Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import { parseCount, parseSeconds, parseWholeNumber } from '../options.ts'
import type { ServeFlags } from '../serve-dags.ts'

const graceOption = () =>
  new Option('--grace <seconds>', 'how long steps may go on when the process is to end')
    .argParser(parseSeconds)
    .default(25)

const portOption = () =>
  new Option(
    '--port <n>',
    'answer by HTTP there: /healthz, /readyz, /metrics for Prometheus, and webhooks of DAGs',
  ).argParser(parseWholeNumber)

const keepDaysOption = (what: string) => new Option('--keep-days <n>', what).argParser(parseCount).default(90)

const keepRunsOption = () =>
  new Option('--keep-runs <n>', 'so many of each DAG are kept, however old')
    .argParser(parseWholeNumber)
    .default(20)

/** `estimand scheduler`: fires schedules, and carries steps out. */
export const defineScheduler: CommandDefiner = (program, { command, launch }) => {
  const scheduler = command(program, 'scheduler').description(
    'fire the schedules of dags/*.yml until Ctrl-C or SIGTERM; of several, one fires at a time',
  )
  scheduler.addOption(
    new Option('--slots <n>', 'steps that it carries out itself at the same time; 0: workers do that')
      .argParser(parseWholeNumber)
      .default(2),
  )
  scheduler.addOption(graceOption()).addOption(portOption())
  scheduler
    .addOption(keepDaysOption('how long runs of DAGs are kept, and their artifacts on this machine'))
    .addOption(keepRunsOption())
  scheduler.addHelpText(
    'after',
    examples([
      ['estimand scheduler', 'one process for everything'],
      ['estimand scheduler --port 8080', 'with health, metrics and webhooks'],
      ['estimand scheduler --slots 0', 'one of several that only fire, beside workers'],
    ]),
  )
  scheduler.action(
    launch<ServeFlags>(
      async (context, flags) => {
        const { serveDags } = await import('../serve-dags.ts')
        return serveDags(context, flags, { fires: true })
      },
      'err',
      'ending',
    ),
  )
}

/** `estimand worker`: carries out the steps of runs of DAGs. */
export const defineWorker: CommandDefiner = (program, { command, launch }) => {
  const worker = command(program, 'worker').description(
    'carry out the steps of queued runs of DAGs until Ctrl-C or SIGTERM; goes on with those of workers that died',
  )
  worker.addOption(new Option('--slots <n>', 'steps at the same time').argParser(parseCount).default(2))
  worker.addOption(graceOption()).addOption(portOption())
  worker.addOption(keepDaysOption('how long artifacts of forgotten runs stay on this machine'))
  worker.addHelpText(
    'after',
    examples([
      ['estimand worker', 'two steps at a time'],
      ['estimand worker --slots 8 --grace 600', 'eight, which have ten minutes to end'],
    ]),
  )
  worker.action(
    launch<ServeFlags>(
      async (context, flags) => {
        const { serveDags } = await import('../serve-dags.ts')
        return serveDags(context, flags, { fires: false })
      },
      'err',
      'ending',
    ),
  )
}
