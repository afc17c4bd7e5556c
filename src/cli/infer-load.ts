import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCounted } from './display/numbers.ts'
import { openWorkspace, shownPath } from './workspace.ts'

/** What `load --infer` is told. */
export interface InferFlags {
  readonly infer: string
  readonly name?: string
  readonly schema: string
  readonly inferRows?: number
}

/** Writes the declaration of a load for files that are there; needs no database. */
export async function inferLoadFile(context: CommandContext, flags: InferFlags): Promise<ExitCode> {
  const { root, config } = await openWorkspace(context)
  const { inferLoad } = await import('../run/load-files/infer-load.ts')
  const { localFiles } = await import('../run/load-files/local-files.ts')
  const { standardInput } = await import('../run/load-files/standard-input.ts')
  const refuse = (message: string, hint: string) =>
    new ProblemError(makeProblem('load-failed', message, { hint }))
  const isStandardInput = flags.infer === '-'
  const source = isStandardInput ? standardInput() : localFiles(flags.infer, root, refuse)
  const name = checkedName(flags.name ?? nameOf(flags.infer))
  const path = join(root, config.paths.pipelines[0] ?? 'pipelines', `${name}.yml`)
  if (existsSync(path))
    throw new ProblemError(
      makeProblem('usage', `${shownPath(context, path)} is there already; nothing was written`, {
        hint: 'give the load another name: --name',
      }),
    )
  const files = await source.list()
  if (files.length === 0)
    throw refuse(
      `there is no file ${flags.infer}`,
      'the path is relative to the project unless it is absolute',
    )
  context.narrator.phase(`Reading ${formatCounted(files.length, 'file')}`)
  const inferring = inferLoad(files, {
    ...{ name, schema: flags.schema, from: flags.infer, signal: context.signal },
    ...(flags.inferRows !== undefined && { rows: flags.inferRows }),
  })
  const { yaml, rows, columns } = await inferring.catch((error: unknown) => {
    throw refuse(`${flags.infer} cannot be read: ${(error as Error).message}`, 'nothing was written')
  })
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, yaml)
  context.narrator.done()
  context.narrator.note(
    `${formatCounted(columns, 'column')} from ${formatCounted(rows, 'row')} in ${shownPath(context, path)}`,
  )
  context.terminal.out.write(yaml)
  return 0
}

/** `data/orders.csv.gz` → `orders`; of a pattern, the last part that is a name. */
function nameOf(from: string): string {
  const parts = from.split('/').filter((part) => part !== '' && !/[*?{=]/.test(part))
  return basename(parts.at(-1) ?? '')
    .replace(/\..*$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^(?=\d)/, '_')
}

function checkedName(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name
  throw new ProblemError(
    makeProblem('usage', name === '' ? 'the load needs a name' : `'${name}' cannot be the name of a load`, {
      hint: 'letters, digits and underscores can: --name orders',
    }),
  )
}
