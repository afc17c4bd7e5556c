import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { RunFlags } from '../flags.ts'

/** `estimand test`: tests of what is published. */
export const defineTest: CommandDefiner = (program, { command, options, launch }) => {
  const test = command(program, 'test').description('run the selected tests on what is published')
  options.selection(test)
  options.deferral(test)
  options.storeFailures(test)
  options.execution(test)
  test.addHelpText(
    'after',
    examples([
      ['estimand test', 'every test'],
      ['estimand test --select stg_events', 'the tests of one model'],
      ['estimand test --fail-fast', 'stop at the first failure'],
    ]),
  )
  test.action(
    launch<RunFlags>(async (context, flags) => {
      const { executeNodes } = await import('../execute-nodes.ts')
      return executeNodes(context, flags, { resourceTypes: ['test', 'unit_test'] })
    }, 'out'),
  )
}
