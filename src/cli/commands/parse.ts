import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'

/** `estimand parse`: reads the project and writes the manifest. */
export const defineParse: CommandDefiner = (program, { command, launch }) => {
  const parse = command(program, 'parse').description('check the project and write target/manifest.json')
  parse.addHelpText(
    'after',
    examples([
      ['estimand parse', 'check everything; needs no database'],
      ['estimand parse --warn-error', 'and take warnings for errors'],
    ]),
  )
  parse.action(
    launch(async (context) => {
      const { parseProject } = await import('../parse-project.ts')
      return parseProject(context)
    }),
  )
}
