import { existsSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { httpAddress, isHttpAddress } from '../run/load-files/http-address.ts'
import { makeFolder } from '../run/make-folder.ts'
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
  const { sourceAt } = await import('../run/load-files/source-of.ts')
  const refuse = (message: string, hint: string) =>
    new ProblemError(makeProblem('load-failed', message, { hint }))
  const source = sourceAt(flags.infer, { projectRoot: root, s3: {}, refuse })
  const shown = shownAddress(flags.infer)
  const name = checkedName(flags.name ?? nameOf(shown))
  const path = join(root, config.paths.pipelines[0] ?? 'pipelines', `${name}.yml`)
  if (existsSync(path))
    throw new ProblemError(
      makeProblem('usage', `${shownPath(context, path)} is there already; nothing was written`, {
        hint: 'give the load another name: --name',
      }),
    )
  const files = await source.list()
  if (files.length === 0)
    throw refuse(`there is no file ${shown}`, 'the path is relative to the project unless it is absolute')
  context.narrator.phase(`Reading ${formatCounted(files.length, 'file')}`)
  // What an address has besides its name may be secret: it belongs in no file.
  const variable = `${name.toUpperCase()}_URL`
  const from = shown === flags.infer ? flags.infer : `{{ env_var('${variable}') }}`
  const inferring = inferLoad(files, {
    ...{ name, schema: flags.schema, from, signal: context.signal },
    ...(flags.inferRows !== undefined && { rows: flags.inferRows }),
  })
  const { yaml, rows, columns } = await inferring.catch((error: unknown) => {
    const { message, hint } = error as Error & { readonly hint?: string }
    throw refuse(`${shown} cannot be read: ${message}`, hint ?? 'nothing was written')
  })
  // A table has columns: without one the declaration would be wrong, and the project with it.
  if (columns === 0) throw refuse(`${shown} has no fields: its columns cannot be told`, 'nothing was written')
  makeFolder(dirname(path))
  writeFileSync(path, yaml)
  context.narrator.done()
  context.narrator.note(
    `${formatCounted(columns, 'column')} from ${formatCounted(rows, 'row')} in ${shownPath(context, path)}`,
  )
  if (from !== flags.infer)
    context.narrator.note(`The load takes its address from the environment: ${variable}`)
  context.terminal.out.write(yaml)
  return 0
}

/** Without a password and what stands behind the question mark. */
function shownAddress(from: string): string {
  return isHttpAddress(from) ? (httpAddress(from)?.shown ?? from) : from
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
