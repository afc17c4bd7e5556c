import { createHash } from 'node:crypto'
import { withoutSemicolon } from '../../compile/compiled-sql.ts'
import { renderOrNull } from '../../compile/published-sql.ts'
import type { Renderer, RenderScope } from '../../compile/renderer.ts'
import { sqlTokens } from '../../compile/sql/normalised-sql.ts'
import type { ModelNode, Node, SeedNode, SnapshotNode } from '../../core/node.ts'
import { type Session, sql } from '../../warehouse/index.ts'
import { hasHooks } from '../hooks.ts'
import { hasSqlHeader } from '../steps/sql-header.ts'

/*
 * Which nodes with rows may be kept at all, and what of them is compared. It is the same words when a relation is
 * published and when a later run asks.
 */

/** A node whose relation holds rows that a run may keep. */
export type RowNode = ModelNode | SeedNode | SnapshotNode

/** Whether a node is of a kind whose rows are made of nothing but what it says and reads. */
export function hasOwnRows(node: Node): node is RowNode {
  if (node.resourceType === 'seed' || node.resourceType === 'snapshot') return true
  return node.resourceType === 'model' && node.materialized !== 'view' && node.materialized !== 'ephemeral'
}

/** Why a node is built in every run, whatever is the same; null for one that may be kept. */
export function whyAlways(
  node: RowNode,
  renderer: Pick<Renderer, 'hasProjectHooks' | 'isOwnSnapshot'>,
): string | null {
  if (hasHooks(node)) return 'its hooks run each time'
  if (hasSqlHeader(node)) return 'its sql_header runs each time'
  if (renderer.hasProjectHooks('on_run_start')) return 'on-run-start may change what it reads'
  if (node.resourceType === 'snapshot' && renderer.isOwnSnapshot(node.id))
    return 'the project makes its snapshots in its own way'
  if (node.resourceType !== 'model') return null
  if (node.materialized === 'custom') return 'its materialization is one of the project'
  if (node.materialized !== 'incremental') return null
  if (node.incrementalStrategy === 'custom') return 'its strategy is one of the project'
  const isByTime = node.incrementalStrategy === 'microbatch' || node.incrementalStrategy === 'time_range'
  return isByTime ? 'it is built by time, which goes on' : null
}

/** The SQL of a node as this run would send it if everything were published; null if that is not known by itself. */
export async function sqlInThisRun(
  node: RowNode,
  renderer: Renderer,
  scope: Omit<RenderScope, 'isIncremental' | 'ask'>,
  isIncremental: boolean,
): Promise<string | null> {
  if (node.resourceType === 'seed') return ''
  const sql = await renderOrNull(renderer, node.id, { ...scope, isIncremental })
  return sql && withoutSemicolon(sql).text
}

/** A hash of a text of SQL; layout and comments do not count. */
export function textHash(text: string): string {
  return hash(sqlTokens(text))
}

/** A hash of all that has a say in a node's rows besides its definition, its SQL and what it reads. */
export function circumstancesOf(node: RowNode, settings: string): string {
  const columns = node.columns.map(({ name, dataType, quote, constraints }) => [
    name,
    dataType,
    quote,
    constraints,
  ])
  const promised =
    node.resourceType === 'model'
      ? [node.contractEnforced, node.constraints, node.unlogged, node.contractEnforced ? columns : []]
      : []
  return hash([settings, promised])
}

/** What a session is set to that has a say in what SQL gives. */
export async function sessionSettings(session: Session): Promise<string> {
  const { rows } = await session.query<{ settings: string }>(sql`
    select concat_ws(
      ' ',
      current_user,
      current_database(),
      (
        select string_agg(name || '=' || setting, ';' order by name)
        from pg_catalog.pg_settings
        where name in (
          'server_version_num', 'TimeZone', 'DateStyle', 'IntervalStyle', 'search_path', 'extra_float_digits',
          'default_text_search_config', 'lc_collate', 'lc_monetary', 'lc_numeric', 'lc_time', 'bytea_output',
          'timezone_abbreviations', 'array_nulls', 'transform_null_equals', 'xmlbinary', 'xmloption'
        )
      )
    ) as settings`)
  return rows[0]!.settings
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
}
