import { resolve } from 'node:path'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { LoadNode } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCounted } from './display/numbers.ts'
import { openWorkspace, shownPath } from './workspace.ts'

/** What `estimand generate` is told. */
export interface GenerateFlags {
  readonly to: string
  readonly part: { readonly place: number; readonly of: number }
  readonly output: 'text' | 'json'
}

/** Writes what a generator makes to files; needs no database. */
export async function generateLoad(
  context: CommandContext,
  name: string,
  flags: GenerateFlags,
): Promise<ExitCode> {
  const workspace = await openWorkspace(context, {}, { checksSql: false })
  const node = generatorNamed(Object.values(workspace.manifest.nodes), name)
  const { generateFiles } = await import('../run/generate-files/generate-files.ts')
  const { loadParams } = await import('../run/load-fingerprint.ts')
  const folder = resolve(workspace.root, flags.to)
  context.narrator.phase(`Generating ${name}`)
  const made = await generateFiles(
    {
      projectRoot: workspace.root,
      module: node.spec.module,
      checksum: node.checksum,
      tables: node.spec.tables,
      params: loadParams(node.spec, workspace.manifest.vars),
      folder,
      part: flags.part,
    },
    {
      signal: context.signal,
      onPartition: (done, of, rows) =>
        context.narrator.phase(
          `Generating ${name}: partition ${done} of ${of}, ${formatCounted(rows, 'row')}`,
        ),
    },
  )
  context.narrator.done()
  if (flags.output === 'json')
    context.terminal.out.write(`${JSON.stringify({ load: name, folder, ...made })}\n`)
  else
    context.terminal.out.write(
      `${formatCounted(made.rows, 'row')} in ${formatCounted(made.partitions - made.kept, 'partition')} below ${shownPath(context, folder)}${made.kept > 0 ? `, ${made.kept} were there already` : ''}\n`,
    )
  return 0
}

type GeneratorNode = LoadNode & { readonly spec: Extract<LoadNode['spec'], { kind: 'generator' }> }

function generatorNamed(nodes: readonly { readonly resourceType: string }[], name: string): GeneratorNode {
  const generators = nodes.filter(
    (node): node is GeneratorNode =>
      node.resourceType === 'load' && (node as LoadNode).spec.kind === 'generator',
  )
  const found = generators.find((node) => node.name === name)
  if (found) return found
  const names = generators.map((node) => node.name)
  throw new ProblemError(
    makeProblem('usage', `there is no generator '${name}'`, {
      hint:
        didYouMean(name, names) ??
        (names.length > 0 ? `there are ${quotedList(names, 'and')}` : 'no load is of kind generator'),
    }),
  )
}
