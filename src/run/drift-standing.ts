import type { DriftSpec } from '../core/drift-spec.ts'
import type { Manifest } from '../core/manifest.ts'
import { type JobNode, type Relation, relationKey } from '../core/node.ts'
import { existingRelations, relationIdent, type SQLQuery, sql, type Warehouse } from '../warehouse/index.ts'

/*
 * How a drift job stands: what its published tables say, and the true changes where a generator wrote them. The truth is
 * for who judges the answer; the job that gives it never reads it.
 */

/** A job that watches for drift. */
export type DriftNode = JobNode & { readonly spec: DriftSpec }

interface InSegment {
  readonly columnName: string
  readonly segmentName: string | null
  readonly segmentValue: string | null
}

export interface DriftStandingFinding extends InSegment {
  readonly windowDays: number
  readonly windowStart: string
  readonly windowEnd: string
  readonly statistic: string
  readonly value: number | null
  readonly referenceValue: number | null
  readonly currentValue: number | null
  readonly pValue: number | null
  readonly pValueAdjusted: number | null
  readonly warnAt: number | null
  readonly failAt: number | null
  readonly verdict: string
  readonly reason: string | null
  readonly nReference: number
  readonly nCurrent: number
}

export interface DriftStandingCell extends InSegment {
  readonly windowDays: number
  readonly label: string
  readonly referenceShare: number | null
  readonly currentShare: number | null
}

export interface DriftStandingChange extends InSegment {
  readonly series: 'mean' | 'share' | 'missing_share'
  readonly category: string | null
  readonly changedOn: string
  readonly before: number | null
  readonly after: number | null
  readonly pValueAdjusted: number | null
}

/** A change that a generator made. */
export interface DriftTruth extends InSegment {
  readonly category: string | null
  readonly changedOn: string
  readonly description: string
}

export interface DriftStanding {
  readonly name: string
  readonly question: string
  readonly relation: string
  /** The instant that the published results speak about; null where there are none. */
  readonly asOf: string | null
  readonly runId: string | null
  readonly findings: readonly DriftStandingFinding[]
  readonly distributions: readonly DriftStandingCell[]
  readonly changes: readonly DriftStandingChange[]
  /** Empty where nobody knows. */
  readonly truth: readonly DriftTruth[]
}

/** The drift jobs of a project by name. */
export function driftJobsIn({ nodes }: Pick<Manifest, 'nodes'>): DriftNode[] {
  return Object.values(nodes)
    .filter((node): node is DriftNode => node.resourceType === 'job' && node.spec.kind === 'drift')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

type Queryable = Pick<Warehouse, 'query'>

/** Reads how drift jobs stand. */
export async function driftStandings(
  warehouse: Queryable,
  jobs: readonly DriftNode[],
): Promise<DriftStanding[]> {
  const truths = jobs.flatMap(({ spec }) => truthOf(spec) ?? [])
  const relations = jobs.flatMap(({ tables }) => tables.map(({ relation }) => relation))
  const found = new Set((await existingRelations(warehouse, [...relations, ...truths])).map(relationKey))
  const standings: DriftStanding[] = []
  for (const node of jobs) standings.push(await readStanding(warehouse, node, found))
  return standings
}

async function readStanding(
  warehouse: Queryable,
  { name, spec, relation, tables }: DriftNode,
  found: ReadonlySet<string>,
): Promise<DriftStanding> {
  const rowsOf = async <Row>(table: Relation | null | undefined, query: (from: SQLQuery) => SQLQuery) =>
    table && found.has(relationKey(table))
      ? (await warehouse.query<Row>(query(relationIdent(table)))).rows
      : []
  const own = (suffix: string) => tables.find((each) => each.suffix === suffix)?.relation
  const [about] = await rowsOf<{ asOf: string; runId: string }>(
    own(''),
    (from) => sql`
      select to_char(as_of at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "asOf", run_id::text as "runId"
      from ${from}
      limit 1`,
  )
  return {
    ...{ name, question: spec.question, relation: relationKey(relation) },
    ...{ asOf: about?.asOf ?? null, runId: about?.runId ?? null },
    findings: await rowsOf(own(''), findingsQuery),
    distributions: await rowsOf(own('distributions'), cellsQuery),
    changes: await rowsOf(own('changes'), changesQuery),
    truth: await rowsOf(truthOf(spec), truthQuery),
  }
}

function truthOf({ truth }: DriftSpec): Relation | null {
  return truth === undefined ? null : ({ schema: 'truth', identifier: truth } as Relation)
}

const inSegment = sql`column_name as "columnName", segment_name as "segmentName", segment_value as "segmentValue"`

function findingsQuery(from: SQLQuery): SQLQuery {
  return sql`
    select
      ${inSegment}, window_days as "windowDays", window_start::text as "windowStart", window_end::text as "windowEnd",
      statistic, value, reference_value as "referenceValue", current_value as "currentValue",
      p_value as "pValue", p_value_adjusted as "pValueAdjusted", warn_at as "warnAt", fail_at as "failAt",
      verdict, reason, n_reference::float8 as "nReference", n_current::float8 as "nCurrent"
    from ${from}
    order by
      array_position(array['fail', 'warn', 'ok', 'refused', 'informs'], verdict), column_name,
      segment_name nulls first, segment_value, window_days, statistic`
}

function cellsQuery(from: SQLQuery): SQLQuery {
  return sql`
    select
      ${inSegment}, window_days as "windowDays", label,
      reference_share as "referenceShare", current_share as "currentShare"
    from ${from}
    order by column_name, segment_name nulls first, segment_value, window_days, cell`
}

function changesQuery(from: SQLQuery): SQLQuery {
  return sql`
    select
      ${inSegment}, series, category, changed_on::text as "changedOn", before, after,
      p_value_adjusted as "pValueAdjusted"
    from ${from}
    where verdict = 'change'
    order by segment_name nulls first, segment_value, column_name, category, changed_on`
}

function truthQuery(from: SQLQuery): SQLQuery {
  return sql`
    select ${inSegment}, category, changed_on::text as "changedOn", description
    from ${from}
    order by changed_on, segment_name nulls first, column_name, category`
}
