import type { CompiledSql } from '../../compile/compiled-sql.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import { ProblemError } from '../../core/problem.ts'
import {
  type ApplyDelta,
  type CatalogColumn,
  changesColumns,
  columnsOf,
  createTableAs,
  createView,
  isInTimes,
  relationIdent,
  replacedRows,
  type Session,
  type SQLQuery,
  sameRow,
  sql,
  unsafeSql,
  updatedColumns,
} from '../../warehouse/index.ts'
import { relationDetails } from '../relation-details.ts'
import { partRelation } from '../relations.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'
import { keyColumns, keyExpressions } from '../unique-key.ts'
import { analyzeBuilt, analyzeIncrement } from './analyze-built.ts'
import { withoutForeignKeys } from './constraints.ts'
import { buildContractTable } from './contract.ts'
import { applyOwnStrategy } from './own-strategy.ts'
import { schemaChange } from './schema-change.ts'

/*
 * An increment is built as a table of its own: the delta. Until it is applied, whoever reads the model within
 * the run reads a preview: what the table will be.
 */

/** Builds the delta and its preview. */
export async function buildIncrement(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  preview: Relation,
  context: RunContext,
): Promise<StepOutcome> {
  const delta = partRelation(preview, 'delta')
  const rowCount = await buildDelta(session, node, compiled, delta, context)
  if (node.incrementalStrategy === 'custom') {
    await analyzeBuilt(session, delta, rowCount)
    const publish = await applyOwnStrategy(session, node, delta, preview, context)
    return {
      rows: rowCount,
      message: `${rowCount} rows`,
      command: 'INSERT',
      compiledCode: compiled.text,
      publish: [publish],
    }
  }
  const action = await previewDelta(session, node, delta, preview, context)
  await analyzeIncrement(session, action, rowCount)
  const isEmpty = rowCount === 0 && !changesColumns(action)
  return {
    rows: rowCount,
    message: `${rowCount} rows`,
    command: node.incrementalStrategy === 'merge' ? 'MERGE' : 'INSERT',
    compiledCode: compiled.text,
    publish: [isEmpty ? { ...action, isEmpty } : action],
  }
}

/** A delta under a contract has the constraints of its table, so that a row that breaks one is found here. */
async function buildDelta(
  session: Session,
  node: ModelNode,
  compiled: CompiledSql,
  delta: Relation,
  context: RunContext,
): Promise<number> {
  if (node.contractEnforced)
    return buildContractTable(
      session,
      { ...withoutForeignKeys(node), unlogged: true },
      compiled,
      delta,
      context,
    )
  const created = createTableAs(delta, unsafeSql(compiled.text), { unlogged: true })
  return (await session.query(created)).rowCount
}

/** Shows what a table will be when a delta has been applied; returns how to apply it. */
export async function previewDelta(
  session: Session,
  node: ModelNode,
  delta: Relation,
  preview: Relation,
  context: RunContext,
  times?: ApplyDelta['times'],
): Promise<ApplyDelta> {
  const published = (await columnsOf(session, node.relation)) ?? []
  const built = (await columnsOf(session, delta)) ?? []
  const change = schemaChange(node, published, built, context)
  const updateColumns = mergeColumns(node, change.columns, context)
  const expressions = keyExpressions(node.uniqueKey)
  const action: ApplyDelta = {
    kind: 'apply-delta',
    build: delta,
    published: node.relation,
    strategy: node.incrementalStrategy,
    uniqueKey: keyColumns(node.uniqueKey),
    ...(expressions && { keyExpressions: expressions }),
    columns: change.columns.map(({ name }) => name),
    addColumns: change.added,
    dropColumns: change.dropped,
    alterColumns: change.altered,
    predicates: predicatesOf(node),
    ...(updateColumns && { updateColumns }),
    ...(times && { times }),
    ...relationDetails(node),
  }
  await session.query(createView(preview, previewQuery(action, change.columns, published, built)))
  context.builds.add(node.relation, preview)
  return action
}

/** Conditions of the model's own that limit which rows of the table are replaced. */
function predicatesOf({ config }: ModelNode): string[] {
  const written = config['incremental_predicates'] ?? config['predicates'] ?? []
  return (Array.isArray(written) ? written : [written]).map(String)
}

/** The columns that a merge overwrites in known rows; undefined for all. */
function mergeColumns(
  { config, name, place }: ModelNode,
  columns: readonly CatalogColumn[],
  { renderer }: RunContext,
): readonly string[] | undefined {
  const listed = (key: string): string[] | undefined => {
    const value = config[key]
    if (value === undefined || value === null) return undefined
    return (Array.isArray(value) ? value : [value]).map((one) =>
      String(one).replaceAll('"', '').toLowerCase(),
    )
  }
  const [only, except] = [listed('merge_update_columns'), listed('merge_exclude_columns')]
  if (only && except)
    throw new ProblemError(
      renderer.problem(
        'config-invalid',
        `${name} has both merge_update_columns and merge_exclude_columns`,
        place,
        'keep one of them',
      ),
    )
  if (!only && !except) return undefined
  return columns
    .map((column) => column.name)
    .filter((column) =>
      only ? only.includes(column.toLowerCase()) : !except!.includes(column.toLowerCase()),
    )
}

/** Rows of the table that stay, rows of it with what the delta overwrites, and rows that are new. */
export function previewQuery(
  action: ApplyDelta,
  columns: readonly CatalogColumn[],
  published: readonly CatalogColumn[],
  built: readonly CatalogColumn[],
): SQLQuery {
  const has = (list: readonly CatalogColumn[], name: string) => list.some((column) => column.name === name)
  const names = columns.map(({ name }) => name)
  const overwritten = updatedColumns(action, names).filter((name) => has(built, name))
  const from = (side: 'dbt_internal_dest' | 'dbt_internal_source', list: readonly CatalogColumn[]) =>
    sql.join(
      columns.map(({ name, type }) => {
        const value = has(list, name) ? sql.ident(side, name) : sql`null`
        return sql`${value}::${unsafeSql(type)} as ${sql.ident(name)}`
      }),
      ', ',
    )
  const fresh = sql`select ${from('dbt_internal_source', built)}\nfrom ${relationIdent(action.build)} as dbt_internal_source`
  const old = sql`select ${from('dbt_internal_dest', published)}\nfrom ${relationIdent(action.published)} as dbt_internal_dest`
  if (action.times) return sql`${old}\nwhere ${isInTimes(action.times)} is not true\nunion all\n${fresh}`
  if (action.strategy === 'append' || action.uniqueKey.length === 0) return sql`${old}\nunion all\n${fresh}`
  const same = sameRow(action)
  // An expression of a key may be null, and then nothing takes the row's place. A plain `not exists` is a join to the
  // server, which it reads once; anything else it may look up row by row.
  const stays = action.keyExpressions
    ? sql`(${replacedRows(action)}) is not true`
    : sql`not ${replacedRows(action)}`
  const isWhole = action.updateColumns === undefined && columns.every(({ name }) => has(built, name))
  if (action.strategy === 'delete+insert' || isWhole) return sql`${old}\nwhere ${stays}\nunion all\n${fresh}`
  const merged = columns.map(({ name, type }) => {
    const side = overwritten.includes(name) ? 'dbt_internal_source' : 'dbt_internal_dest'
    const value = side === 'dbt_internal_source' || has(published, name) ? sql.ident(side, name) : sql`null`
    return sql`${value}::${unsafeSql(type)} as ${sql.ident(name)}`
  })
  return sql`${old}
where ${stays}
union all
select ${sql.join(merged, ', ')}
from ${relationIdent(action.published)} as dbt_internal_dest
join ${relationIdent(action.build)} as dbt_internal_source on ${same}
union all
${fresh}
where not exists (select from ${relationIdent(action.published)} as dbt_internal_dest where ${same})`
}
