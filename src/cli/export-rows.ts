import { resolve } from 'node:path'
import type { CompiledSql } from '../compile/compiled-sql.ts'
import { withoutSemicolon } from '../compile/compiled-sql.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { Manifest } from '../core/manifest.ts'
import { type Relation, relationKey, relationOf, relationsOf } from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { askAnywhere } from '../run/ask.ts'
import { type ExportResult, exportRows } from '../run/export/export-rows.ts'
import { exportTarget } from '../run/export/export-target.ts'
import { commentedWarehouse, relationIdent, type SQLQuery, sql, unsafeSql } from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { formatCounted } from './display/numbers.ts'
import { nodeName } from './project-lineage.ts'
import { openWorkspace, publishedScope, shownPath, withOpenWarehouse } from './workspace.ts'

export interface ExportFlags {
  readonly to: string
  readonly inline?: string
  readonly partitionBy?: string
  readonly output: 'text' | 'json'
}

/** Writes the rows of a relation or of a query to files. */
export async function exportToFiles(
  context: CommandContext,
  name: string | undefined,
  flags: ExportFlags,
): Promise<ExitCode> {
  if ((name === undefined) === (flags.inline === undefined))
    throw usage('what is to be exported?', 'name a model or relation, or give a query with --inline')
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(flags.to))
    throw usage(`'${flags.to}' is no file`, 'export to a file, and copy it there')
  const target = exportTarget(resolve(context.workingDirectory, flags.to))
  if (!target)
    throw usage(
      `the name '${flags.to}' names no format`,
      'end it in .csv, .csv.gz, .ndjson, .ndjson.gz or .parquet',
    )
  const workspace = await openWorkspace(context)
  const renderer = await workspace.openRenderer()
  const relation = name === undefined ? null : relationNamed(name, workspace.manifest)
  const result = await withOpenWarehouse(context, workspace, 1, async (opened) => {
    const scope = publishedScope(context, false)
    const warehouse = commentedWarehouse(opened, renderer.queryComment(null, 'export', scope))
    const query = relation
      ? sql`select * from ${relationIdent(relation)}`
      : subquery(await renderer.compileInline(flags.inline!, { ...scope, ask: askAnywhere(warehouse) }))
    const { partitionBy } = flags
    const request = { query, target, commandId: context.newId(), onBytes: progress(context) }
    return warehouse.withSession((session) =>
      exportRows(session, { ...request, ...(partitionBy !== undefined && { partitionBy }) }),
    )
  })
  context.narrator.done()
  tell(context, result, flags.output)
  return 0
}

/** The relation of a node, or one that stands in the warehouse without being a node. */
function relationNamed(name: string, manifest: Manifest): Relation {
  const nodes = Object.values(manifest.nodes)
  const found = nodes.filter((node) => nodeName(node) === name || node.id === name)
  const relations = found.flatMap((node) => relationOf(node) ?? relationsOf(node))
  const known = nodes.flatMap(relationsOf)
  const called = relations.length > 0 ? relations : known.filter((each) => relationKey(each) === name)
  const keys = new Set(called.map(relationKey))
  if (keys.size === 1) return called[0]!
  if (keys.size > 1) throw usage(`'${name}' has several tables`, `name one of them: ${[...keys].join(', ')}`)
  if (found.length > 0)
    throw usage(`${name} has no table`, `estimand export --inline "select * from {{ ref('${name}') }}"`)
  const [, schema, identifier] = /^([^.]+)\.([^.]+)$/.exec(name) ?? []
  if (schema !== undefined && identifier !== undefined) return { schema, identifier }
  const hint = didYouMean(name, nodes.filter((node) => relationsOf(node).length > 0).map(nodeName))
  throw usage(`there is no model or table '${name}'`, hint ?? 'estimand ls names the nodes')
}

/** As a subquery the text is one query and nothing else; the line break ends a comment that it may end in. */
function subquery(compiled: CompiledSql): SQLQuery {
  return unsafeSql(`\n${withoutSemicolon(compiled).text}\n`)
}

const megabyte = 1_000_000

/** Tells how far it is, at every tenth megabyte. */
function progress({ narrator }: CommandContext): (bytes: number) => void {
  let told = -1
  return (bytes) => {
    const step = Math.floor(bytes / (10 * megabyte))
    if (step === told) return
    told = step
    narrator.phase(`Exporting${step === 0 ? '' : `: ${step * 10} MB`}`)
  }
}

function tell(context: CommandContext, { rows, files }: ExportResult, output: 'text' | 'json'): void {
  const { out } = context.terminal
  const shown = files.map((file) => ({ ...file, path: shownPath(context, file.path) }))
  if (output === 'json') {
    out.write(`${JSON.stringify({ rows, files: shown }, null, 2)}\n`)
    return
  }
  for (const file of shown)
    out.write(`${file.path}  ${formatCounted(file.rows, 'row')}, ${formatCounted(file.bytes, 'byte')}\n`)
  if (files.length !== 1)
    out.write(`${formatCounted(rows, 'row')} in ${formatCounted(files.length, 'file')}\n`)
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(makeProblem('usage', message, { hint }))
}
