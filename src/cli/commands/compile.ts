import { Option } from 'commander'
import type { CompileFlags } from '../compile-nodes.ts'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand compile`: the SQL that templates become. */
export const defineCompile: CommandDefiner = (program, { command, options, launch }) => {
  const compile = command(program, 'compile').description(
    'check the project and write the SQL of the selected nodes to target/compiled',
  )
  options.selection(compile)
  options.deferral(compile)
  options.fullRefresh(compile)
  options.empty(compile)
  compile.addOption(new Option('--inline <sql>', 'print what this template becomes, instead of a node'))
  compile.addOption(
    new Option('--output <format>', 'how the SQL of one node is printed')
      .choices(['text', 'json'])
      .default('text'),
  )
  compile.addHelpText(
    'after',
    examples([
      ['estimand compile', 'everything; needs no database'],
      ['estimand compile --select daily_user_metrics', "print one model's SQL"],
      [`estimand compile --inline "select * from {{ ref('stg_events') }}"`, 'print the SQL of a template'],
    ]),
  )
  compile.action(
    launch<CompileFlags>(async (context, flags) => {
      const { compileNodes } = await import('../compile-nodes.ts')
      return compileNodes(context, flags)
    }),
  )
}
