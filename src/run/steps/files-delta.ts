import { type Relation, relationKey } from '../../core/node.ts'
import {
  type ApplyDelta,
  analyzeRelation,
  columnsOf,
  createView,
  relationIdent,
  type SQLQuery,
  sql,
} from '../../warehouse/index.ts'
import { loadProblem, type RowsLoad } from '../load-files/source-of.ts'
import type { RunContext } from '../run-context.ts'
import { previewQuery } from './increment.ts'
import { addLoadedKey } from './loaded-key.ts'

/*
 * New rows for a table that keeps those that it has. Within the run, whoever reads the table reads a preview of it.
 */

/** Shows what a table will be when a delta is in it; returns how to apply it. */
export async function applyLoaded(
  node: RowsLoad,
  {
    published,
    build,
    delta,
  }: { readonly published: Relation; readonly build: Relation; readonly delta: Relation },
  { warehouse }: RunContext,
): Promise<ApplyDelta> {
  const { spec } = node
  const before = (await columnsOf(warehouse.control, published)) ?? []
  const columns = (await columnsOf(warehouse.control, delta)) ?? []
  const types = new Map(before.map(({ name, type }) => [name, type]))
  const other = columns.find(({ name, type }) => types.has(name) && types.get(name) !== type)
  if (other)
    throw loadProblem(
      node,
      `column '${other.name}' is ${types.get(other.name)} in ${relationKey(published)} and ${other.type} in the declaration`,
      '--full-refresh loads all anew',
    )
  const action: ApplyDelta = {
    kind: 'apply-delta',
    build: delta,
    published,
    strategy: spec.mode === 'upsert' ? 'merge' : 'append',
    uniqueKey: spec.key,
    columns: columns.map(({ name }) => name),
    addColumns: columns.filter(({ name }) => !types.has(name)),
  }
  await warehouse.query(analyzeRelation(delta))
  if (spec.mode === 'append') await refuseKnownKeys(node, published, delta, warehouse)
  const shown = [...before, ...columns.filter(({ name }) => !types.has(name))]
  await warehouse.query(createView(build, previewQuery(action, shown, before, columns)))
  return action
}

/** A key that is there already would be found when all is built and about to be published. */
async function refuseKnownKeys(
  node: RowsLoad,
  published: Relation,
  delta: Relation,
  warehouse: RunContext['warehouse'],
): Promise<void> {
  const { primaryKey } = node.spec.tables[0]!
  if (primaryKey.length === 0) return
  await addLoadedKey(node, { loaded: delta, published }, warehouse)
  const list = (parts: readonly SQLQuery[]) => sql.join([...parts], ', ')
  const known = primaryKey.map((name) => sql`known.${sql.ident(name)}`)
  const loaded = primaryKey.map((name) => sql`loaded.${sql.ident(name)}`)
  // Asked of the published table's index key by key: what is read grows with what is new, not with what is there.
  const { rows } = await warehouse.query(sql`
    select ${list(loaded)} from ${relationIdent(delta)} as loaded
    where exists (
      select from ${relationIdent(published)} as known where (${list(known)}) = (${list(loaded)})
    )
    limit 1`)
  if (rows.length > 0)
    throw loadProblem(
      node,
      `${relationKey(published)} has a row for ${JSON.stringify(rows[0])} already`,
      'mode: upsert replaces the rows that are there by those that are loaded',
    )
}
