import type { Relation } from '../../core/node.ts'
import { type Session, sql } from '../../warehouse/index.ts'
import { type Bars, chooseBars, quantilesOf } from './bars.ts'
import { type ColumnSummary, firstScan } from './first-scan.ts'
import {
  columnKind,
  isWhole,
  type ProfiledColumn,
  type ProfiledRelation,
  profiledRelation,
  rowsSql,
} from './profiled-columns.ts'
import type { ColumnProfile, KeyProfile, Outliers, RelationProfile } from './relation-profile.ts'
import { countsOf, type Finding, keyOfRow, secondScan, wholeRow } from './second-scan.ts'

export interface ProfileRequest {
  readonly relation: Relation
  /** Only these columns; all where nothing is said. */
  readonly columns?: readonly string[]
  /** What is to be unique; what the project declares, or a unique index, where nothing is said. */
  readonly key?: readonly string[]
  /** What the project declares; it does not count where it is no list of columns. */
  readonly declaredKey?: readonly string[]
  /** Look only at so many percent of the rows. */
  readonly samplePercent?: number
}

/** What keeps a relation from being profiled. */
export type ProfileRefusal =
  | { readonly refused: 'no-relation' }
  | { readonly refused: 'no-column'; readonly column: string; readonly columns: readonly string[] }

/** Looks at a relation in two scans of one moment, or says why it cannot. */
export function profileRelation(
  session: Pick<Session, 'query' | 'transaction'>,
  request: ProfileRequest,
): Promise<RelationProfile | ProfileRefusal> {
  return session.transaction(async () => {
    await session.query(sql`set transaction isolation level repeatable read, read only`)
    // Times are written alike whatever the server's settings.
    await session.query(sql`set local time zone 'UTC'`)
    // A wide select takes long to compile.
    await session.query(sql`set local jit = off`)
    const found = await profiledRelation(session, request.relation)
    if (!found) return { refused: 'no-relation' }
    const names = found.columns.map(({ name }) => name)
    const unknown = [...(request.columns ?? []), ...(request.key ?? [])].find((name) => !names.includes(name))
    if (unknown !== undefined) return { refused: 'no-column', column: unknown, columns: names }
    return scanRelation(session, request, found)
  })
}

/** For one sort, of which the first scan has one for each column with a range. */
const sortMegabytes = 128
/** For all counts of the second scan together; a hash takes twice, and what is counted waits in a store beside it. */
const countMegabytes = 384
const leastMegabytes = 4

/** Sorting and counting in little memory goes through the disk several times. More than the server allows anyway. */
async function allowMemory(session: Pick<Session, 'query'>, megabytes: number): Promise<void> {
  await session.query(sql`set local work_mem to default`)
  await session.query(sql`
    select pg_catalog.set_config('work_mem', ${`${megabytes}MB`}, true)
    where pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) < ${megabytes * 1_048_576}::int8
  `)
}

async function scanRelation(
  session: Pick<Session, 'query'>,
  { relation, columns: wanted, key = [], ...request }: ProfileRequest,
  found: ProfiledRelation,
): Promise<RelationProfile> {
  const columns = wanted ? found.columns.filter(({ name }) => wanted.includes(name)) : found.columns
  const samplePercent = request.samplePercent ?? null
  const { declaredKey = [] } = request
  const isDeclared = declaredKey.every((name) => found.columns.some((column) => column.name === name))
  const declared = isDeclared && declaredKey.length > 0 ? declaredKey : found.key
  const checked = key.length > 0 ? key : declared
  const from = rowsSql(relation, found.kind, samplePercent)
  await allowMemory(session, sortMegabytes)
  const [first] = (await session.query<Record<string, unknown>>(firstScan(from, columns))).rows
  const rows = first!['rows'] as number
  const summaries = columns.map((_, index) => first![`c${index + 1}`] as ColumnSummary)
  const bars = columns.map((column, index) => {
    const quantiles = summaries[index]!.quantiles
    return quantiles ? chooseBars(quantiles, isWhole(column)) : null
  })
  const counted = { columns, key: checked, bars }
  const scan = secondScan(from, counted)
  await allowMemory(session, Math.max(leastMegabytes, Math.floor(countMegabytes / countsOf(counted))))
  const findings = rows === 0 ? [] : (await session.query<Finding>(scan)).rows
  const of = (id: number): Finding[] => findings.filter((finding) => finding.id === id)
  return {
    relation: { schema: relation.schema, identifier: relation.identifier },
    rows,
    samplePercent,
    duplicateRows: duplicates(of(wholeRow)).duplicateRows,
    key: checked.length > 0 ? keyProfile(checked, rows, of(keyOfRow)) : null,
    columns: columns.map((column, index) =>
      columnProfile(column, {
        rows,
        summary: summaries[index]!,
        bars: bars[index]!,
        findings: of(index + 1),
      }),
    ),
  }
}

function keyProfile(columns: readonly string[], rows: number, findings: readonly Finding[]): KeyProfile {
  const { present, duplicateRows } = duplicates(findings)
  return { columns, duplicateRows, missing: rows - present }
}

function duplicates(findings: readonly Finding[]): { present: number; duplicateRows: number } {
  const values = findings.find(({ what }) => what === 'values')
  const present = values?.count ?? 0
  return { present, duplicateRows: present - (values?.distinct ?? 0) }
}

interface ColumnFacts {
  readonly rows: number
  readonly summary: ColumnSummary
  readonly bars: Bars | null
  readonly findings: readonly Finding[]
}

/** What the two scans say of a column, put together. */
function columnProfile(
  column: ProfiledColumn,
  { rows, summary, bars, findings }: ColumnFacts,
): ColumnProfile {
  const kind = columnKind(column)
  const values = findings.find(({ what }) => what === 'values')
  const quantiles = summary.quantiles ? quantilesOf(summary.quantiles) : null
  const notFinite = summary.present - (summary.finite ?? 0)
  const outliers = outliersOf(bars, values)
  return {
    name: column.name,
    type: column.type,
    kind,
    missing: rows - summary.present,
    empty: summary.empty ?? null,
    distinct: values?.distinct ?? 0,
    min: summary.min ?? null,
    max: summary.max ?? null,
    numbers:
      kind === 'number'
        ? {
            mean: summary.mean ?? null,
            stdDev: summary.stdDev ?? null,
            zeros: summary.zeros!,
            negatives: summary.negatives!,
            notFinite,
            quantiles,
            outliers,
          }
        : null,
    times: kind === 'time' ? { notFinite, quantiles, outliers } : null,
    lengths:
      typeof summary.minLength === 'number'
        ? { min: summary.minLength, mean: summary.meanLength!, max: summary.maxLength! }
        : null,
    trueCount: summary.trueCount ?? null,
    histogram: bars && { from: bars.from, to: bars.to, counts: barCounts(bars, findings) },
    mostFrequent: findings
      .filter(({ what }) => what === 'frequent')
      .map(({ value, count }) => ({ value: value!, count })),
  }
}

function outliersOf(bars: Bars | null, values: Finding | undefined): Outliers | null {
  if (!bars?.fences) return null
  const { lower, upper } = bars.fences
  return { lowerFence: lower, upperFence: upper, below: values?.below ?? 0, above: values?.above ?? 0 }
}

function barCounts({ count }: Bars, findings: readonly Finding[]): number[] {
  const counts = Array.from({ length: count }, () => 0)
  for (const { what, bar, count: rows } of findings) if (what === 'bar') counts[bar! - 1] = rows
  return counts
}
