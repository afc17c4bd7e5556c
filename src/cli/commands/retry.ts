import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'

/** `estimand retry`: what the last command left undone. */
export const defineRetry: CommandDefiner = (program, { command, options, launch }) => {
  const retry = command(program, 'retry').description(
    'run what failed, was skipped or was not published in the last run, with its flags',
  )
  options.state(retry)
  options.execution(retry)
  retry.addHelpText(
    'after',
    examples([
      ['estimand retry', 'go on with the run of target/run_results.json'],
      ['estimand retry --state path/to/artifacts', 'with that of another folder'],
    ]),
  )
  retry.action(
    launch<RunFlags>(async (context, flags) => {
      const { retryRun } = await import('../retry-run.ts')
      return retryRun(context, flags)
    }, 'out'),
  )
}
