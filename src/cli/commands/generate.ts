import { InvalidArgumentError, Option } from 'commander'
import type { CommandDefiner } from '../define-command.ts'
import { examples } from '../examples.ts'
import type { GenerateFlags } from '../generate-load.ts'

/** `estimand generate`: what a generator makes, as files. */
export const defineGenerate: CommandDefiner = (program, { command, launch }) => {
  const generate = command(program, 'generate')
    .description('write what a generator under pipelines/ makes to CSV files, whole or in parts')
    .argument('<load>', 'a load of kind generator')
  generate.addOption(
    new Option('--to <folder>', 'where the files go, a folder for each table').makeOptionMandatory(),
  )
  generate.addOption(
    new Option('--part <k/n>', 'only the k-th of n parts; each may be made on another host')
      .argParser(parsePart)
      .default({ place: 1, of: 1 }, '1/1'),
  )
  generate.addOption(
    new Option('--output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
  )
  generate.addHelpText(
    'after',
    examples([
      ['estimand generate shop_world --to data/shop', 'all of it'],
      [
        "estimand generate product_world --to data/product --part 2/8 --vars '{events: 1000000000}'",
        'an eighth, on one of eight hosts',
      ],
    ]),
  )
  generate.action(
    launch<GenerateFlags>(async (context, flags, [load]) => {
      const { generateLoad } = await import('../generate-load.ts')
      return generateLoad(context, load!, flags)
    }, 'out'),
  )
}

function parsePart(text: string): GenerateFlags['part'] {
  const [, place, of] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  if (place === undefined || Number(place) < 1 || Number(place) > Number(of))
    throw new InvalidArgumentError('it must be like 2/8: the second of eight parts')
  return { place: Number(place), of: Number(of) }
}
