import type { CompiledSql } from '../../compile/compiled-sql.ts'
import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import { type Relation, relationKey, type SnapshotNode } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import type { SnapshotSpec } from '../../core/snapshot-spec.ts'
import {
  type CatalogColumn,
  columnsOf,
  createIndex,
  createTableAs,
  createView,
  type Session,
  type SQLQuery,
  sql,
  sqlLiteral,
  unsafeSql,
} from '../../warehouse/index.ts'
import { runPostHooks, runPreHooks } from '../hooks.ts'
import { relationDetails } from '../relation-details.ts'
import { buildRelation, partRelation } from '../relations.ts'
import type { RunContext, StepOutcome, StepRunner } from '../run-context.ts'
import { widenedColumns } from '../widened-columns.ts'
import { keepTable } from './keep-relation.ts'
import { takeOwnSnapshot } from './own-snapshot.ts'
import {
  begunColumns,
  begunVersionsQuery,
  endedVersionsQuery,
  firstVersionsQuery,
  type SnapshotStrategy,
  snapshotPreviewQuery,
  type VersionsRequest,
} from './snapshot-sql.ts'

/*
 * A snapshot keeps every version that a row had. Its table is never rebuilt: a run works out which versions end and
 * which begin, shows the result to its readers in a preview, and applies both when it is published.
 */

/** Builds a snapshot's first versions, or the changes since. */
export const runSnapshot: StepRunner<SnapshotNode> = async (node, step, context) => {
  if (step.action === 'reuse') return keepTable(node)
  const compiled = withoutSemicolon(await context.compile(node, { isIncremental: false }))
  const isThere = step.action === 'increment'
  const build = buildRelation(context.plan.buildSchema, node.relation)
  const isOwn = context.renderer.isOwnSnapshot(node.id)
  return context.warehouse.withSession(async (session) => {
    if (isOwn) return takeOwnSnapshot(session, node, compiled, isThere, context)
    await runPreHooks(session, node, isThere, context)
    if (isThere) return buildChanges(session, node, compiled, context)
    const outcome = await buildFirst(session, node, compiled, context)
    await runPostHooks(session, node, build, context)
    return outcome
  })
}

async function buildFirst(
  session: Session,
  node: SnapshotNode,
  compiled: CompiledSql,
  context: RunContext,
): Promise<StepOutcome> {
  const build = buildRelation(context.plan.buildSchema, node.relation)
  const strategy = strategyOf(node.spec, sql`true`, runTime(context))
  const query = firstVersionsQuery(node.spec, strategy, unsafeSql(compiled.text))
  const { rowCount } = await session.query(createTableAs(build, query))
  for (const index of node.indexes) await session.query(createIndex(build, index, node.relation))
  context.builds.add(node.relation, build)
  return {
    rows: rowCount,
    message: `${rowCount} first versions`,
    compiledCode: compiled.text,
    publish: [{ kind: 'swap-table', build, published: node.relation, ...relationDetails(node) }],
  }
}

async function buildChanges(
  session: Session,
  node: SnapshotNode,
  compiled: CompiledSql,
  context: RunContext,
): Promise<StepOutcome> {
  const { spec } = node
  const preview = buildRelation(context.plan.buildSchema, node.relation)
  const [source, begun, ended] = (['source', 'begun', 'ended'] as const).map((part) =>
    partRelation(preview, part),
  ) as [Relation, Relation, Relation]
  const publishedColumns = (await columnsOf(session, node.relation)) ?? []
  checkTable(node, publishedColumns, context)
  await session.query(createTableAs(source, unsafeSql(compiled.text), { unlogged: true }))
  const sourceColumns = (await columnsOf(session, source)) ?? []
  const request: VersionsRequest = {
    spec,
    strategy: strategyOf(spec, rowChanged(node, sourceColumns, publishedColumns, context), runTime(context)),
    source,
    sourceColumns,
    published: node.relation,
    publishedColumns,
    now: runTime(context),
  }
  const { rowCount } = await session.query(
    createTableAs(begun, begunVersionsQuery(request), { unlogged: true }),
  )
  const endedCount = await session.query(
    createTableAs(ended, endedVersionsQuery(request), { unlogged: true }),
  )
  const columns = begunColumns(request)
  const built = (await columnsOf(session, begun)) ?? []
  const addColumns = built.filter(({ name }) => !publishedColumns.some((column) => column.name === name))
  const alterColumns = widenedColumns(publishedColumns, built)
  const after = [
    ...publishedColumns.map((column) => alterColumns.find(({ name }) => name === column.name) ?? column),
    ...addColumns,
  ]
  await session.query(
    createView(preview, snapshotPreviewQuery(request, after, publishedColumns, begun, columns, ended)),
  )
  context.builds.add(node.relation, preview)
  const isEmpty = rowCount + endedCount.rowCount + addColumns.length + alterColumns.length === 0
  return {
    rows: rowCount,
    message: `${rowCount} versions began, ${endedCount.rowCount} ended`,
    command: 'INSERT',
    compiledCode: compiled.text,
    publish: [
      {
        kind: 'apply-versions',
        build: begun,
        ended,
        published: node.relation,
        columns,
        addColumns,
        alterColumns,
        ...(isEmpty && { isEmpty }),
        scdIdColumn: spec.metaColumns.scdId,
        validToColumn: spec.metaColumns.validTo,
        ...(spec.validToCurrent !== undefined && { validToCurrent: spec.validToCurrent }),
        ...relationDetails(node),
      },
    ],
  }
}

function strategyOf(spec: SnapshotSpec, changed: SQLQuery, now: SQLQuery): SnapshotStrategy {
  return {
    keys: spec.uniqueKey.map(unsafeSql),
    updatedAt: spec.updatedAt === undefined ? now : unsafeSql(spec.updatedAt),
    rowChanged: changed,
  }
}

/** When the run began, as a time without zone in UTC: what dbt's tables have. */
function runTime({ plan }: RunContext): SQLQuery {
  const text = plan.startedAt.replace('T', ' ').replace('Z', '')
  return sql`${sqlLiteral(text)}::timestamp without time zone`
}

function rowChanged(
  node: SnapshotNode,
  sourceColumns: readonly CatalogColumn[],
  publishedColumns: readonly CatalogColumn[],
  context: RunContext,
): SQLQuery {
  const { spec } = node
  if (spec.strategy === 'timestamp')
    return sql`snapshotted_data.${sql.ident(spec.metaColumns.validFrom)} < source_data.estimand_updated_at`
  const checked =
    spec.checkCols === 'all'
      ? sourceColumns.map(({ name }) => name)
      : spec.checkCols.map((name) => checkedColumn(name, node, sourceColumns, context))
  // A column that the table does not have yet makes every row a new one.
  if (checked.some((name) => !publishedColumns.some((column) => column.name === name))) return sql`true`
  const differences = checked.map(
    (name) => sql`snapshotted_data.${sql.ident(name)} is distinct from source_data.${sql.ident(name)}`,
  )
  return differences.length === 0 ? sql`false` : sql`(${sql.join(differences, ' OR ')})`
}

/** A name in check_cols as the query's column is really called. */
function checkedColumn(
  written: string,
  node: SnapshotNode,
  columns: readonly CatalogColumn[],
  { renderer }: RunContext,
): string {
  const name = /^".*"$/.test(written) ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase()
  const found =
    columns.find((column) => column.name === name) ?? columns.find((column) => column.name === written)
  if (found) return found.name
  throw new ProblemError(
    renderer.problem(
      'snapshot-invalid',
      `check_cols names '${written}', which the query of ${node.name} does not give`,
      node.place,
      `its columns: ${columns.map((column) => column.name).join(', ')}`,
    ),
  )
}

/** What is published has to be a snapshot with the columns that this one keeps. */
function checkTable(node: SnapshotNode, columns: readonly CatalogColumn[], { renderer }: RunContext): void {
  const { scdId, validFrom, validTo, updatedAt, isDeleted } = node.spec.metaColumns
  const needed = [scdId, validFrom, validTo, updatedAt]
  if (node.spec.hardDeletes === 'new_record') needed.push(isDeleted)
  const missing = needed.filter((name) => !columns.some((column) => column.name === name))
  if (missing.length === 0) return
  const [column] = missing
  throw new ProblemError(
    renderer.problem(
      'snapshot-invalid',
      `${relationKey(node.relation)} is no snapshot of this kind: it has no column ${missing.join(', ')}`,
      node.place,
      column === isDeleted
        ? `hard_deletes: new_record needs it: alter table … add column ${isDeleted} text default 'False'`
        : 'rename the table or the snapshot, or say in snapshot_meta_column_names what the columns are called',
    ),
  )
}
