import type { Node, Relation } from '../../core/node.ts'
import { relationKey } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { type JobTable, writeRows } from '../../jobs/index.ts'
import {
  type ApplyDelta,
  type CatalogColumn,
  columnsOf,
  createIndex,
  createView,
  type PublishAction,
  type Session,
} from '../../warehouse/index.ts'
import { relationDetails } from '../relation-details.ts'
import { buildRelation, partRelation } from '../relations.ts'
import type { RunContext } from '../run-context.ts'
import { analyzeBuilt, analyzeIncrement } from './analyze-built.ts'
import { previewQuery } from './increment.ts'

/** Where a table of a job stands, and what it is to carry besides its rows. */
export interface JobTablePlace {
  readonly described: Node
  readonly relation: Relation
  readonly context: Pick<RunContext, 'plan' | 'builds'>
}

/** Makes a table of a job in the dark, as far as the job has not done so itself; returns how it is published. */
export async function buildJobTable(
  session: Session,
  table: JobTable,
  place: JobTablePlace,
): Promise<PublishAction> {
  const { described, relation, context } = place
  if (table.kind === 'delta') return previewJobDelta(session, table, place)
  const build = buildRelation(context.plan.buildSchema, relation)
  if (table.kind === 'rows') await writeRows(session, build, table)
  else for (const index of table.indexes ?? []) await session.query(createIndex(build, index, relation))
  await analyzeBuilt(session, build, typeof table.rows === 'number' ? table.rows : table.rows.length)
  context.builds.add(relation, build)
  return { kind: 'swap-table', build, published: relation, ...relationDetails(described) }
}

/** Shows who reads the table within the run what it will be, until the delta is applied. */
async function previewJobDelta(
  session: Session,
  { rows, replaces }: Extract<JobTable, { readonly kind: 'delta' }>,
  { described, relation, context }: JobTablePlace,
): Promise<ApplyDelta> {
  const preview = buildRelation(context.plan.buildSchema, relation)
  const delta = partRelation(preview, 'delta')
  const published = (await columnsOf(session, relation)) ?? []
  const built = (await columnsOf(session, delta)) ?? []
  requireSameColumns(described, relation, published, built)
  const isByTime = 'intervals' in replaces
  const action: ApplyDelta = {
    kind: 'apply-delta',
    build: delta,
    published: relation,
    strategy: isByTime ? 'time_range' : 'delete+insert',
    uniqueKey: isByTime ? [] : replaces.key,
    columns: published.map(({ name }) => name),
    ...(isByTime && { times: replaces }),
    ...relationDetails(described),
  }
  await session.query(createView(preview, previewQuery(action, published, published, built)))
  context.builds.add(relation, preview)
  await analyzeIncrement(session, action, rows)
  // Times are emptied even where nothing takes the place of what they held.
  return rows === 0 && !isByTime ? { ...action, isEmpty: true } : action
}

function requireSameColumns(
  { place }: Node,
  relation: Relation,
  published: readonly CatalogColumn[],
  built: readonly CatalogColumn[],
): void {
  const listed = (columns: readonly CatalogColumn[]) =>
    columns
      .map(({ name, type }) => `${name} ${type}`)
      .sort()
      .join(', ')
  if (listed(published) === listed(built)) return
  throw new ProblemError(
    makeProblem('job-failed', `${relationKey(relation)} has other columns than the job writes now`, {
      place,
      hint: 'make it anew: --full-refresh',
    }),
  )
}
