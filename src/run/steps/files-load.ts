import type { LoadTable } from '../../core/load-spec.ts'
import type { LoadedFiles } from '../../core/loaded-file.ts'
import { type Relation, relationKey } from '../../core/node.ts'
import type { Step } from '../../core/plan.ts'
import { readLoadedFiles } from '../../store/index.ts'
import {
  analyzeRelation,
  columnsOf,
  createTable,
  existingRelations,
  type PublishAction,
  type Session,
  sql,
} from '../../warehouse/index.ts'
import { quarantineColumns, quarantineOf } from '../load-files/bad-rows.ts'
import type { SourceFile } from '../load-files/file-source.ts'
import { type Filled, fillFromFiles } from '../load-files/fill-from-files.ts'
import { postgresRows, reached } from '../load-files/postgres-rows.ts'
import type { TypedField } from '../load-files/route.ts'
import { isPostgresLoad, loadProblem, type RowsLoad, sourceOf } from '../load-files/source-of.ts'
import { compareFiles } from '../load-files/survey-files.ts'
import { addDefaults, addOrder, dropDefaults, keepLast } from '../load-files/table-defaults.ts'
import { buildRelation, partRelation } from '../relations.ts'
import type { RunContext, StepOutcome } from '../run-context.ts'
import { applyLoaded } from './files-delta.ts'
import { addLoadedKey } from './loaded-key.ts'

/*
 * A load of rows: a table of its own takes the place of the published one, or a delta of the files that are new goes
 * into it. Which files those were is noted in the transaction that publishes them.
 */

/** The tables that a load works with. */
interface Tables {
  readonly table: LoadTable
  readonly published: Relation
  readonly build: Relation
  /** Where bad rows are kept until they are published; undefined where they are not. */
  readonly quarantine: Relation | undefined
}

/** Fills the table of a load from files or another database, in the dark. */
export async function runRowsLoad(node: RowsLoad, step: Step, context: RunContext): Promise<StepOutcome> {
  const { plan, warehouse } = context
  const table = node.spec.tables[0]!
  const published = { schema: table.schema, identifier: table.name }
  const build = buildRelation(plan.buildSchema, published)
  const keepsBad = node.spec.badRows.onBadRow === 'quarantine'
  const quarantine = keepsBad ? buildRelation(plan.buildSchema, quarantineOf(published)) : undefined
  const tables = { table, published, build, quarantine }
  if (quarantine) await warehouse.query(createTable(quarantine, quarantineColumns))
  return step.action === 'load' ? loadAnew(node, tables, context) : loadMore(node, tables, context)
}

async function loadAnew(node: RowsLoad, tables: Tables, context: RunContext): Promise<StepOutcome> {
  const { published, build } = tables
  const isEmpty = context.renderScope.empty === true
  const files = isEmpty ? [] : await listFiles(node, context)
  if (files.length === 0 && !isEmpty) await refuseToEmpty(node, published, context)
  const filled = await fillTable(node, tables, build, files, context)
  const { warehouse } = context
  await addLoadedKey(node, { loaded: build, published }, warehouse)
  await warehouse.query(analyzeRelation(build))
  context.builds.add(published, build)
  const loaded: LoadedFiles = { holds: 'these', load: node.id, files: filled.files }
  return {
    ...outcomeOf(filled, tables),
    publish: [
      { kind: 'swap-table', build, published, loaded },
      ...(await publishQuarantine(tables, filled, 'replace', context)),
    ],
  }
}

async function loadMore(node: RowsLoad, tables: Tables, context: RunContext): Promise<StepOutcome> {
  const { published, build } = tables
  const newer = await newFiles(node, published, context)
  const delta = partRelation(build, 'delta')
  const filled = await fillTable(node, tables, delta, newer, context)
  const action = await applyLoaded(node, { published, build, delta }, context)
  context.builds.add(published, build)
  // What a database gave besides is no file of its own: the table holds since when it did.
  const files = isPostgresLoad(node) ? [] : filled.files
  const loaded: LoadedFiles = { holds: 'more', load: node.id, files }
  return {
    ...outcomeOf(filled, tables),
    publish: [{ ...action, loaded }, ...(await publishQuarantine(tables, filled, 'append', context))],
  }
}

async function listFiles(node: RowsLoad, context: RunContext): Promise<readonly SourceFile[]> {
  if (isPostgresLoad(node)) return [postgresRows(node, null, context)]
  return sourceOf(node, context.renderer, context.projectRoot).list()
}

/** What was published is not emptied because nothing is there any more to load. */
async function refuseToEmpty(node: RowsLoad, published: Relation, { warehouse }: RunContext): Promise<void> {
  if (isPostgresLoad(node)) return
  const there = await existingRelations(warehouse.control, [published])
  if (there.length > 0)
    throw loadProblem(
      node,
      `there is no file ${node.spec.from}, and ${relationKey(published)} would be empty`,
      'nothing was changed',
    )
}

/** The files that the table does not hold yet. */
async function newFiles(
  node: RowsLoad,
  published: Relation,
  context: RunContext,
): Promise<readonly SourceFile[]> {
  if (isPostgresLoad(node)) return [postgresRows(node, await reached(node, published, context), context)]
  const { renderer, projectRoot, warehouse } = context
  const source = sourceOf(node, renderer, projectRoot)
  const files = await source.list()
  if (!source.isLasting) return files
  const held = (await readLoadedFiles(warehouse.control)).get(relationKey(published)) ?? []
  const { load, changed } = await compareFiles(node, files, held)
  if (changed.length > 0 && node.spec.onChangedFile === 'refuse')
    throw loadProblem(
      node,
      `${changed[0]!.address} has changed since it was loaded${changed.length > 1 ? `, and ${changed.length - 1} others` : ''}`,
      'on_changed_file: load adds its rows again, ignore leaves it; --full-refresh loads all files anew',
    )
  return load
}

/** Makes a table, fills it, and leaves it as it was declared. */
async function fillTable(
  node: RowsLoad,
  { table, build, quarantine }: Tables,
  into: Relation,
  files: readonly SourceFile[],
  context: RunContext,
): Promise<Filled> {
  const { warehouse } = context
  const { spec } = node
  const isUpsert = spec.mode === 'upsert'
  await warehouse.query(
    createTable(into, table.columns, { unlogged: into !== build, notNull: table.primaryKey }),
  )
  const types = new Map(
    ((await columnsOf(warehouse.control, into)) ?? []).map(({ name, type }) => [name, type]),
  )
  const fields = spec.fields.map((field): TypedField => ({ ...field, type: types.get(field.column)! }))
  await warehouse.withSession(async (session) => {
    await addDefaults(session, into, fields)
    if (!isUpsert) return
    await addOrder(session, into)
    await requireKey(session, into, spec.key)
  })
  const filled = await fillFromFiles({ node, into, fields, files, quarantine, isOrdered: isUpsert }, context)
  if (filled.badRows > 0) tellBadRows(node, filled.badRows, context)
  return warehouse.withSession(async (session) => {
    await dropDefaults(session, into, fields)
    const replaced = isUpsert ? await keepLast(session, into, spec.key) : 0
    return { ...filled, rows: filled.rows - replaced }
  })
}

/** A row without a key could never be met again. */
async function requireKey(session: Session, table: Relation, key: readonly string[]): Promise<void> {
  const changes = key.map((name) => sql`alter column ${sql.ident(name)} set not null`)
  await session.query(
    sql`alter table ${sql.ident(table.schema, table.identifier)} ${sql.join(changes, ', ')}`,
  )
}

/** As a warning it is kept among the events of the run. */
function tellBadRows({ id, name, spec }: RowsLoad, badRows: number, { effects }: RunContext): void {
  const what = spec.badRows.onBadRow === 'skip' ? 'left out' : 'in quarantine'
  const message = `${name}: ${badRows} bad ${badRows === 1 ? 'row' : 'rows'} ${what}`
  effects.emit({ type: 'log', level: 'warn', message, nodeId: id })
}

function outcomeOf({ rows, badRows, files }: Filled, { published, quarantine }: Tables) {
  const from = files.length === 1 ? '' : ` from ${files.length} files`
  const where = quarantine ? ` in ${relationKey(quarantineOf(published))}` : ' left out'
  const bad = badRows === 0 ? '' : `, ${badRows} bad ${badRows === 1 ? 'row' : 'rows'}${where}`
  return { rows, badRows, message: `${rows} rows${from}${bad}` }
}

/** The quarantine speaks about the rows of its table: it is replaced with it, and grows with it. */
async function publishQuarantine(
  { published, quarantine }: Tables,
  { badRows }: Filled,
  how: 'replace' | 'append',
  { warehouse }: RunContext,
): Promise<PublishAction[]> {
  if (!quarantine) return []
  const place = quarantineOf(published)
  const isThere = (await existingRelations(warehouse.control, [place])).length > 0
  if (badRows === 0 && !(isThere && how === 'replace')) return []
  if (how === 'replace' || !isThere) return [{ kind: 'swap-table', build: quarantine, published: place }]
  return [
    {
      kind: 'apply-delta',
      build: quarantine,
      published: place,
      strategy: 'append',
      uniqueKey: [],
      columns: quarantineColumns.map(({ name }) => name),
    },
  ]
}
