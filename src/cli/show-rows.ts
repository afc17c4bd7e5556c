import type { CompiledSql } from '../compile/compiled-sql.ts'
import { withoutSemicolon } from '../compile/compiled-sql.ts'
import type { Renderer, RenderScope } from '../compile/renderer.ts'
import { splitStatements } from '../compile/sql/statements.ts'
import type { Manifest } from '../core/manifest.ts'
import {
  type Node,
  type NodeId,
  type Relation,
  type ResourceType,
  relationOf,
  relationsOf,
} from '../core/node.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import { askAnywhere } from '../run/ask.ts'
import { withSqlHeader } from '../run/steps/sql-header.ts'
import {
  commentedWarehouse,
  positionWithin,
  ServerError,
  type Session,
  type SQLQuery,
  sql,
  unsafeSql,
} from '../warehouse/index.ts'
import type { CommandContext, ExitCode } from './command-context.ts'
import { deferRelations } from './defer-relations.ts'
import { formatRows, type RowsFormat } from './display/rows.ts'
import type { SelectionFlags } from './flags.ts'
import { reportSelection, selectNodes } from './select-nodes.ts'
import { openWorkspace, publishedScope, type Workspace, withOpenWarehouse } from './workspace.ts'

export interface ShowRequest extends SelectionFlags {
  readonly inline?: string
  /** 0 for all rows. */
  readonly limit: number
  readonly output: RowsFormat
}

/** A query to show, and the compiled SQL in it, by which an error is traced back to the template. */
interface ShownQuery {
  readonly query: SQLQuery
  readonly compiled: CompiledSql | null
}

/** Prints rows of one node, or of a query given inline. */
export async function showRows(context: CommandContext, request: ShowRequest): Promise<ExitCode> {
  const workspace = await openWorkspace(context)
  const renderer = await workspace.openRenderer()
  // What is wrong with the request is told before anything is connected to.
  const node = request.inline === undefined ? await singleNode(context, workspace, request) : null
  if (node !== null && node !== 'nothing' && node.resourceType === 'model' && node.refusal)
    throw new ProblemError(node.refusal)
  if (node === 'nothing') {
    context.narrator.note('Nothing to do: no node is selected.')
    return 0
  }
  await withOpenWarehouse(context, workspace, 1, async (opened) => {
    const deferred = await deferRelations(context, workspace, request, [], opened)
    const published = publishedScope(context, false, deferred)
    const comment = renderer.queryComment(node?.id ?? null, 'show', published)
    const warehouse = commentedWarehouse(opened, comment)
    const scope = { ...published, ask: askAnywhere(warehouse) }
    const shown = await (node
      ? queryOf(workspace.manifest, renderer, node, scope)
      : renderer.compileInline(request.inline!, scope).then(wrapped))
    const limited =
      request.limit === 0 ? shown.query : sql`${shown.query} limit ${unsafeSql(String(request.limit))}`
    const shape = shapeOf(request, node, workspace)
    const own = await ownQuery(renderer, shown.compiled, request.limit, scope, node?.id)
    try {
      const print = (session: Session) => printRows(session, limited, shape, context)
      await warehouse.withSession((session) => {
        if (own !== null) return printOwn(session, own, shape, context)
        return node ? withSqlHeader(session, node, () => print(session)) : print(session)
      })
    } catch (error) {
      throw explained(error, shown.compiled, renderer, request.inline)
    }
  })
  return 0
}

async function queryOf(
  manifest: Manifest,
  renderer: Renderer,
  node: Node,
  scope: RenderScope,
): Promise<ShownQuery> {
  if (node.resourceType === 'model' || node.resourceType === 'test' || node.resourceType === 'analysis')
    return wrapped(await renderer.compile(node.id, scope))
  const relation = relationOf(manifest.nodes[node.id]!) ?? onlyRelation(node)
  if (!relation) {
    const tables = relationsOf(node).map((r) => `${r.schema}.${r.identifier}`)
    throw usage(
      `${node.resourceType} ${node.name} has ${tables.length === 0 ? 'no table' : 'several tables'}`,
      tables.length === 0
        ? 'show a model, seed, source or job'
        : `estimand show --inline "select * from ${tables[0]}"`,
    )
  }
  return { query: sql`select * from ${sql.ident(relation.schema, relation.identifier)}`, compiled: null }
}

/** That of a load which fills one table. */
function onlyRelation(node: Node): Relation | null {
  const [relation, ...others] = relationsOf(node)
  return others.length === 0 ? (relation ?? null) : null
}

const shownTypes: readonly ResourceType[] = [
  'source',
  'load',
  'seed',
  'model',
  'snapshot',
  'test',
  'job',
  'job_table',
  'analysis',
]

/** As a subquery the text is one query and nothing else; the line break ends a comment that it may end in. */
function wrapped(compiled: CompiledSql): ShownQuery {
  const inner = withoutSemicolon(compiled)
  return { query: sql`select * from (${unsafeSql(`\n${inner.text}\n`)}) as shown`, compiled: inner }
}

async function singleNode(
  context: CommandContext,
  workspace: Workspace,
  request: ShowRequest,
): Promise<Node | 'nothing'> {
  const flags = { ...request, indirectSelection: request.indirectSelection ?? 'empty' } as const
  if ((flags.select ?? flags.models ?? []).length === 0) {
    throw usage('nothing to show', 'name one node with --select, or give a query with --inline')
  }
  const selection = await selectNodes(context, workspace, flags, shownTypes)
  reportSelection(selection, context)
  const { nodeIds } = selection
  if (nodeIds.length === 0) return 'nothing'
  const chosen = new Set(nodeIds)
  // The tables of a job that is named come along with it.
  const nodes = nodeIds
    .map((id) => workspace.manifest.nodes[id]!)
    .filter((node) => node.resourceType !== 'job_table' || !chosen.has(node.job))
  const untested = nodes.filter(({ resourceType }) => resourceType !== 'test')
  const [single, ...others] = untested.length > 0 ? untested : nodes
  if (single && others.length === 0) return single
  throw usage(
    `${nodes.length} nodes are selected, and only one can be shown`,
    'estimand ls --select names them',
  )
}

/** What macros of the project make of a query that is shown; null where they have no part in it. */
async function ownQuery(
  renderer: Renderer,
  compiled: CompiledSql | null,
  limit: number,
  scope: RenderScope,
  nodeId: NodeId | undefined,
): Promise<string | null> {
  if (!compiled || !renderer.isOwnMacro('get_show_sql')) return null
  const most = limit === 0 ? 'none' : String(limit)
  const header = nodeId === undefined ? 'none' : "config.get('sql_header')"
  const call = `get_show_sql(${JSON.stringify(compiled.text)}, ${header}, ${most})`
  return (await renderer.compileInline(`{{ ${call} }}`, scope, nodeId)).text
}

/** Runs statements, of which the last one gives the rows. */
async function printOwn(
  session: Session,
  text: string,
  shape: RowsShape,
  context: CommandContext,
): Promise<void> {
  const statements = splitStatements(text).map((statement) => unsafeSql(statement.text))
  const last = statements.pop()
  for (const statement of statements) await session.query(statement)
  if (last) await printRows(session, last, shape, context)
}

/** How rows are printed; `about` is what JSON says besides in a project made for dbt. */
interface RowsShape {
  readonly format: RowsFormat
  /** 0 for all rows. */
  readonly limit: number
  readonly about: { readonly node?: string } | null
}

function shapeOf({ output, limit }: ShowRequest, node: Node | null, { isDbt }: Workspace): RowsShape {
  return { format: output, limit, about: isDbt ? { ...(node && { node: node.name }) } : null }
}

/** Rows as dbt has them in JSON: numbers are numbers, and what has parts is its text. */
async function rowsLikeDbt(session: Session, query: SQLQuery): Promise<readonly object[]> {
  const { columns, rows } = await session.queryTable(query)
  const cell = (value: unknown, type: string): unknown => {
    if (value === null) return null
    if (type === 'numeric' || type === 'int8') return Number(value)
    if (type.startsWith('timestamp')) return String(value).replace(' ', 'T')
    return typeof value === 'object' ? JSON.stringify(value) : value
  }
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, at) => [name, cell(row[at], type)])),
  )
}

async function printRows(
  session: Session,
  query: SQLQuery,
  { format, limit, about }: RowsShape,
  context: CommandContext,
): Promise<void> {
  const { out } = context.terminal
  if (format === 'csv') {
    // The server writes the CSV, so that values look as they do everywhere else in Postgres.
    const csv = session.copyOut(query, 'csv').setEncoding('utf8')
    for await (const chunk of csv) out.write(chunk as string)
    return
  }
  if (format === 'json' && about) {
    out.write(`${JSON.stringify({ ...about, show: await rowsLikeDbt(session, query) }, null, 2)}\n`)
    return
  }
  const { rows } = await session.query(query)
  out.write(`${formatRows(rows, format, out)}\n`)
  if (format === 'table' && limit > 0 && rows.length === limit)
    context.narrator.note(`No more than ${limit} are printed; --limit 0 prints all`)
}

/** Postgres' words at the place in the template that they point to. */
export function explained(
  error: unknown,
  compiled: CompiledSql | null,
  renderer: Renderer,
  inline: string | undefined,
): unknown {
  if (!(error instanceof ServerError)) return error
  const { message, detail, hint } = error.failure
  const offset = compiled ? positionWithin(error, compiled.text) : undefined
  const place = offset === undefined ? null : (compiled?.placeAt(offset) ?? null)
  const more = [detail, hint].filter(Boolean).join('\n')
  if (place && inline === undefined) {
    return new ProblemError(renderer.problem('sql-error', message, place, more), { cause: error })
  }
  const where = place && inline !== undefined ? { place, source: inline } : {}
  return new ProblemError(makeProblem('sql-error', message, { ...where, hint: more }), { cause: error })
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(makeProblem('usage', message, { hint }))
}
