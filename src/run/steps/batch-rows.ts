import type { BatchScope } from '../../compile/renderer.ts'
import type { PlannedIntervals } from '../../core/intervals.ts'
import type { ModelNode, Relation } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import {
  columnList,
  columnsOf,
  createTableAs,
  createView,
  dropRelation,
  isInTimes,
  relationIdent,
  type Session,
  type SQLQuery,
  sql,
  sqlLiteral,
  unsafeSql,
} from '../../warehouse/index.ts'
import { hasLaterRows } from '../intervals/plan-intervals.ts'
import type { TimePartition } from '../intervals/time-partition.ts'
import { partRelation } from '../relations.ts'
import type { RunContext } from '../run-context.ts'
import { keyColumns } from '../unique-key.ts'
import { withoutForeignKeys } from './constraints.ts'
import { fillContractTable } from './contract.ts'

/*
 * Where the rows of batches go, and how they become one table. Batches of microbatch models may give the same key
 * several times, and the newest batch counts: they write their numbers beside their rows. Batches of time_range models
 * have nothing in common, so they write into the table itself.
 */

export interface BatchRows {
  /** Writes what a batch selects; the first one makes the table that the others write to. */
  readonly write: (number: number, batch: BatchScope, query: string) => SQLQuery
  /** Removes what a try of a batch has written; the first one has made the table. */
  readonly clear: (number: number, batch: BatchScope) => SQLQuery
  /** Where the batches write. */
  readonly written: Relation
  /** What a model that reads itself finds: the table with the batches before. */
  readonly soFar: (session: Session) => Promise<Relation>
  /** Makes the table of what batches wrote, and says how many rows it has. */
  readonly settle: (session: Session) => Promise<number>
}

export interface BatchRowsRequest {
  readonly node: ModelNode
  readonly partition: TimePartition
  readonly planned: PlannedIntervals
  /** The table that the batches become. */
  readonly table: Relation
  readonly isIncremental: boolean
  readonly context: RunContext
}

export function batchRows(request: BatchRowsRequest): BatchRows {
  return request.partition.strategy === 'microbatch' ? rowsByKey(request) : rowsByTime(request)
}

/** The column as the database knows it: what YAML writes without quotes is folded. */
export function timeColumn({ columns }: ModelNode, { column }: TimePartition): string {
  const isPlain = /^[A-Za-z_][\w$]*$/.test(column)
  return isPlain && !columns.some(({ name, quote }) => name === column && quote === true)
    ? column.toLowerCase()
    : column
}

/** Makes the table from a query; one under a contract has the constraints that are declared. */
async function makeTable(
  session: Session,
  query: SQLQuery,
  { node, table, isIncremental, context }: BatchRowsRequest,
): Promise<number> {
  const unlogged = isIncremental || node.unlogged
  if (!node.contractEnforced) return (await session.query(createTableAs(table, query, { unlogged }))).rowCount
  const declared = isIncremental ? withoutForeignKeys(node) : node
  return fillContractTable(session, { ...declared, unlogged }, query, table, context)
}

function rowsByTime(request: BatchRowsRequest): BatchRows {
  const { node, partition, planned, isIncremental } = request
  const column = timeColumn(node, partition)
  // What a contract is to hold for is made when all rows are there.
  const table = node.contractEnforced ? partRelation(request.table, 'batches') : request.table
  const isOf = ({ start, end }: BatchScope) => {
    const time = sql`batch.${sql.ident(column)}`
    return sql`${time} >= ${literal(start)} and ${time} < ${literal(end)}`
  }
  return {
    written: table,
    clear: (number, batch) =>
      number === 0
        ? dropRelation(table, 'table')
        : sql`delete from ${relationIdent(table)} as batch where ${isOf(batch)}`,
    write(number, batch, query) {
      // What a batch gives of other times would stand there twice.
      const rows = sql`select batch.*\nfrom (\n${unsafeSql(query)}\n) as batch\nwhere ${isOf(batch)}`
      return number === 0
        ? createTableAs(table, rows, { unlogged: isIncremental || node.unlogged })
        : sql`insert into ${relationIdent(table)}\n${rows}`
    },
    async soFar(session) {
      const names = ((await columnsOf(session, table)) ?? []).map(({ name }) => name)
      const old = sql`
union all
select ${columnList(names)}
from ${relationIdent(node.relation)} as dbt_internal_dest
where ${isInTimes({ column, intervals: planned.due })} is not true`
      const built = sql`select ${columnList(names)}\nfrom ${relationIdent(table)}`
      return viewSoFar(session, request.table, isIncremental ? sql`${built}${old}` : built)
    },
    async settle(session) {
      await session.query(dropRelation(soFarOf(request.table), 'view'))
      const type = ((await columnsOf(session, table)) ?? []).find(({ name }) => name === column)?.type ?? ''
      if (!canHold(type, partition))
        throw new ProblemError(
          makeProblem(
            'config-invalid',
            `time_range model ${node.name} has ${column} of type ${type}, which cannot tell one ${partition.grain} from another`,
            { place: node.place, hint: 'its event_time has to be a timestamp, or a date where days will do' },
          ),
        )
      if (node.contractEnforced) {
        const all = sql`select * from ${relationIdent(table)}`
        return dropping(session, table, () => makeTable(session, all, request))
      }
      const { rows } = await session.query<{ count: string }>(
        sql`select count(*)::text as count from ${relationIdent(table)}`,
      )
      return Number(rows[0]!.count)
    },
  }
}

/** Whether values of a type tell to which stretch of time a row belongs. */
function canHold(type: string, { grain }: TimePartition): boolean {
  return type.startsWith('timestamp') || (type === 'date' && grain !== 'hour')
}

const numberColumn = 'estimand_batch'

async function dropping<T>(session: Session, staging: Relation, work: () => Promise<T>): Promise<T> {
  const made = await work()
  await session.query(dropRelation(staging, 'table'))
  return made
}

function rowsByKey(request: BatchRowsRequest): BatchRows {
  const { node, partition, planned, table, isIncremental } = request
  const staging = partRelation(table, 'batches')
  const columnNames = async (session: Session): Promise<string[]> => {
    const columns = (await columnsOf(session, staging)) ?? []
    return columns.map(({ name }) => name).filter((name) => name !== numberColumn)
  }
  return {
    written: staging,
    clear: (number) =>
      number === 0
        ? dropRelation(staging, 'table')
        : sql`delete from ${relationIdent(staging)} where ${sql.ident(numberColumn)} = ${unsafeSql(String(number))}`,
    write(number, _batch, query) {
      const numbered = sql`select ${unsafeSql(String(number))} as ${sql.ident(numberColumn)}, batch.*\nfrom (\n${unsafeSql(query)}\n) as batch`
      return number === 0
        ? createTableAs(staging, numbered, { unlogged: true })
        : sql`insert into ${relationIdent(staging)}\n${numbered}`
    },
    async soFar(session) {
      const names = await columnNames(session)
      const built = newestRows(node, staging, names)
      const old = sql`
union all
select ${columnList(names)}
from ${relationIdent(node.relation)} as old
where not exists (select from ${relationIdent(staging)} as batch where ${sameKey(node, sql`old`, sql`batch`)})`
      return viewSoFar(session, table, isIncremental ? sql`${built}${old}` : built)
    },
    async settle(session) {
      const query = newestRows(node, staging, await columnNames(session))
      await session.query(dropRelation(soFarOf(table), 'view'))
      const rowCount = await dropping(session, staging, () => makeTable(session, query, request))
      const isGap = isIncremental && planned.keepsNewer && hasLaterRows(planned)
      return isGap ? rowCount - (await dropOutdated(session, node, partition, planned, table)) : rowCount
    },
  }
}

/** Of each key the rows of the newest batch that has it; rows without a key replace nothing. */
function newestRows(node: ModelNode, staging: Relation, names: readonly string[]): SQLQuery {
  const uniqueKey = keyColumns(node.uniqueKey)
  const isNull = uniqueKey.map((key) => sql`${sql.ident(key)} is null`)
  return sql`select ${columnList(names)}
from (
  select *, max(${sql.ident(numberColumn)}) over (partition by ${columnList(uniqueKey)}) as estimand_newest
  from ${relationIdent(staging)}
) as batches
where ${sql.ident(numberColumn)} = estimand_newest or ${sql.join(isNull, ' OR ')}`
}

/**
 * A gap is filled after what comes later was built. Where a later batch has given a row of the same key, that one
 * stays, as if all had been built in their order.
 */
async function dropOutdated(
  session: Session,
  node: ModelNode,
  partition: TimePartition,
  { due }: PlannedIntervals,
  table: Relation,
): Promise<number> {
  const column = timeColumn(node, partition)
  for (const relation of [table, node.relation]) {
    const columns = (await columnsOf(session, relation)) ?? []
    // Without its time, a row tells nothing of what came later.
    if (!columns.some(({ name }) => name === column)) return 0
  }
  const { rowCount } = await session.query(sql`
    delete from ${relationIdent(table)} as batch
    using ${relationIdent(node.relation)} as dbt_internal_dest
    where ${sameKey(node, sql`dbt_internal_dest`, sql`batch`)}
      and dbt_internal_dest.${sql.ident(column)} > batch.${sql.ident(column)}
      and not ${isInTimes({ column, intervals: due })}`)
  return rowCount
}

function sameKey({ uniqueKey }: ModelNode, one: SQLQuery, other: SQLQuery): SQLQuery {
  return sql.join(
    keyColumns(uniqueKey).map((key) => sql`${one}.${sql.ident(key)} = ${other}.${sql.ident(key)}`),
    ' AND ',
  )
}

function soFarOf(table: Relation): Relation {
  return partRelation(table, 'so_far')
}

async function viewSoFar(session: Session, table: Relation, query: SQLQuery): Promise<Relation> {
  const view = soFarOf(table)
  if (!(await columnsOf(session, view))) await session.query(createView(view, query))
  return view
}

function literal(time: Date): SQLQuery {
  return sqlLiteral(time.toISOString())
}
