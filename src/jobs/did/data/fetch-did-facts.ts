import type { DidSpec } from '../../../core/did-spec.ts'
import { makeProblem, ProblemError } from '../../../core/problem.ts'
import { isRefused, type Refusal, refuse as refusal } from '../../../stats/index.ts'
import { relationIdent, type SQLQuery, sql, sqlLiteral } from '../../../warehouse/index.ts'
import type { JobContext } from '../../job.ts'
import { whereOf } from '../../row-conditions.ts'
import type { DidFacts, PeriodFacts } from '../did-data.ts'
import type { DidColumns } from './did-columns.ts'
import { knownColumns, type PeriodPlaces, placedRows } from './did-source.ts'

/** More are more likely moments than periods. */
const mostPeriods = 400

/** The panel as it is found to be. */
export interface FoundPanel {
  readonly facts: DidFacts
  /** The rows that estimates are made of, with `place` and `began`. */
  readonly rows: SQLQuery
}

type Refuse = (message: string, hint: string) => never

/**
 * Counts units and periods; throws where the rows are no panel, or the question's own policy refuses them. Refuses rows that are
 * too few for a change.
 */
export async function fetchDidFacts(
  spec: DidSpec,
  columns: DidColumns,
  source: SQLQuery,
  { session, job, relationOf }: Pick<JobContext, 'session' | 'job' | 'relationOf'>,
): Promise<FoundPanel | Refusal> {
  const refuse: Refuse = (message, hint) => {
    throw new ProblemError(makeProblem('job-failed', message, { place: job.place, hint }))
  }
  await checkRollout(spec, { session, relationOf }, refuse)
  const found = await fetchPeriods(spec, columns, source, session, refuse)
  if (isRefused(found)) return found
  const { periods, times } = found
  const incomplete = await countIncomplete(spec, source, session, refuse)
  const places: PeriodPlaces = { times, isDated: columns.isDated }
  const all = await countUnits(placedRows(spec, source, places, false), times.length, session)
  checkUnits(spec, all, refuse)
  const isPanel = spec.data.sampling === 'panel'
  if (isPanel && all.partial > 0 && spec.data.unbalanced === 'refuse')
    refuse(
      `the panel is not balanced: ${all.partial} of ${all.units} units are not seen in all ${times.length} periods`,
      'write panel: { unbalanced: drop } to leave them out, or sampling: cross_sections to compare whoever is seen',
    )
  const onlyWhole = isPanel && all.partial > 0
  const rows = placedRows(spec, source, places, onlyWhole)
  const kept = onlyWhole ? await countUnits(rows, times.length, session) : all
  if (kept.units === 0) return refusal('no unit is seen in every period')
  const { rows: groups } = await session.query<{ began: number | null; units: number }>(sql`
    select nullif(began, 'infinity'::float8) as began, count(distinct unit)::float8 as units
    from ${rows} as row
    group by 1
    order by 1 nulls last`)
  // Whoever is treated from the first period on shows no change: neither treated nor control.
  const firstPeriod = periods[0]!.period
  const isAlways = (began: number | null): boolean => began !== null && began <= firstPeriod
  const alwaysTreated = groups.reduce((sum, { began, units }) => sum + (isAlways(began) ? units : 0), 0)
  const used = sql`(select * from ${rows} as row where began > ${sqlLiteral(String(firstPeriod))}::float8)`
  const counted = alwaysTreated === 0 ? kept : await countUnits(used, times.length, session)
  if (counted.units === 0) return refusal('every unit is treated from the first period on')
  return {
    rows: alwaysTreated === 0 ? rows : used,
    facts: {
      ...{ rows: counted.rows, units: counted.units, periods, incomplete, alwaysTreated },
      unbalanced: onlyWhole ? all.partial : 0,
      groups: groups
        .filter(({ began }) => !isAlways(began))
        .map(({ began, units }) => ({ firstTreated: began, units })),
      isBalanced: isPanel && spec.data.weight === undefined,
      clusters: spec.cluster === undefined ? null : counted.clusters,
    },
  }
}

/** A group with two dates is told twice. */
async function checkRollout(
  { treatment: { dates } }: DidSpec,
  { session, relationOf }: Pick<JobContext, 'session' | 'relationOf'>,
  refuse: Refuse,
): Promise<void> {
  if (dates.kind !== 'rollout') return
  const { rows } = await session.query<{ key: string }>(sql`
    select source.${sql.ident(dates.key)}::text as key
    from ${relationIdent(relationOf(dates.ref))} as source
    ${whereOf(dates.where, 'source')}
    group by 1
    having count(distinct source.${sql.ident(dates.date)}) > 1
    order by 1
    limit 1`)
  if (rows[0])
    refuse(
      `'${dates.ref}' has several dates for ${dates.key} '${rows[0].key}'`,
      'say which with rollout: { where: … }, or keep the first in the model',
    )
}

async function fetchPeriods(
  spec: DidSpec,
  { isDated }: DidColumns,
  source: SQLQuery,
  session: JobContext['session'],
  refuse: Refuse,
): Promise<{ readonly periods: readonly PeriodFacts[]; readonly times: readonly number[] } | Refusal> {
  const label = isDated
    ? sql`to_char(to_timestamp(t) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')`
    : sql`t::text`
  const { rows } = await session.query<{ t: number; label: string }>(sql`
    select t, ${label} as label
    from (select distinct t from ${source} as row where t is not null) as times
    order by t
    limit ${mostPeriods + 1}`)
  // A panel that has just begun is no fault of anybody: it is told in rows, as other results are.
  if (rows.length === 0) return refusal(`'${spec.data.ref}' has no row that the question is about`)
  if (rows.length < 2) return refusal(`there is one period only, ${rows[0]!.label}: a change needs two`)
  if (rows.length > mostPeriods)
    refuse(
      `'${spec.data.time}' has more than ${mostPeriods} values`,
      'group days into weeks or months in the model: periods are what units share',
    )
  return {
    times: rows.map(({ t }) => t),
    periods: rows.map(({ t, label: text }, index) => ({
      label: text.replace(/ 00:00:00$/, ''),
      period: isDated ? index + 1 : t,
    })),
  }
}

async function countIncomplete(
  spec: DidSpec,
  source: SQLQuery,
  session: JobContext['session'],
  refuse: Refuse,
): Promise<number> {
  const needed = knownColumns(spec)
  const missing = sql.join(
    needed.map((column) => sql`row.${sql.ident(column)} is null`),
    sql` or `,
  )
  const { rows } = await session.query<Record<string, number>>(sql`
    select count(*) filter (where ${missing})::float8 as incomplete,
      count(*) filter (where not w > 0)::float8 as weightless
      ${sql.join(
        needed.map(
          (column) =>
            sql`, count(*) filter (where row.${sql.ident(column)} is null)::float8 as ${sql.ident(column)}`,
        ),
        sql``,
      )}
    from ${source} as row`)
  const counts = rows[0]!
  const nameOf = (column: string): string => {
    if (column === 'unit') return spec.data.unit
    if (column === 't') return spec.data.time
    if (column === 'w') return spec.data.weight ?? column
    if (column === 'cluster') return spec.cluster!
    const { dates } = spec.treatment
    if (column === 'status') return dates.kind === 'status' ? dates.column : column
    const index = Number(column.slice(1))
    return column.startsWith('y') ? spec.outcomes[index]!.column : spec.covariates[index]!
  }
  if (counts['weightless']! > 0)
    refuse(
      `weight '${spec.data.weight}' is not above 0 in ${counts['weightless']} rows`,
      'leave such rows out with panel: { where: … } or in the model',
    )
  if (counts['incomplete']! > 0 && spec.missing === 'refuse')
    refuse(
      `of ${counts['incomplete']} rows something is not known: ${needed
        .filter((column) => counts[column]! > 0)
        .map((column) => `${nameOf(column)} of ${counts[column]}`)
        .join(', ')}`,
      'write missing: drop to leave them out, or fill them in the model',
    )
  return counts['incomplete']!
}

interface UnitCounts {
  readonly rows: number
  readonly units: number
  readonly partial: number
  readonly repeated: number
  readonly moved: number
  readonly off: number
  readonly scattered: number
  readonly clusters: number
  readonly example: string | null
}

async function countUnits(
  rows: SQLQuery,
  periods: number,
  session: JobContext['session'],
): Promise<UnitCounts> {
  const { rows: found } = await session.query<UnitCounts>(sql`
    select
      coalesce(sum(seen), 0)::float8 as rows,
      count(*)::float8 as units,
      count(*) filter (where places < ${periods})::float8 as partial,
      coalesce(sum(seen - places), 0)::float8 as repeated,
      count(*) filter (where earliest <> latest)::float8 as moved,
      count(*) filter (where ended)::float8 as off,
      count(*) filter (where clusters > 1)::float8 as scattered,
      count(distinct cluster)::float8 as clusters,
      min(unit) filter (where earliest <> latest or ended or clusters > 1 or seen > places) as example
    from (
      select unit, count(*) as seen, count(distinct place) as places, min(began) as earliest, max(began) as latest,
        bool_or(not status and t > first) as ended, count(distinct cluster) as clusters, min(cluster) as cluster
      from ${rows} as row
      group by unit
    ) as units`)
  return found[0]!
}

/** What makes rows no panel. */
function checkUnits({ data, treatment, cluster }: DidSpec, found: UnitCounts, refuse: Refuse): void {
  const such = `such as '${found.example}'`
  if (data.sampling === 'panel' && found.repeated > 0)
    refuse(
      `'${data.unit}' and '${data.time}' are not the key of a row: ${found.repeated} of ${found.rows} rows repeat one, ${such}`,
      'a panel has one row per unit and period; several rows of a period need sampling: cross_sections',
    )
  if (found.off > 0)
    refuse(
      `treatment switches off in ${found.off} units, ${such}: '${treatment.dates.kind === 'status' ? treatment.dates.column : ''}' is true and later false`,
      'this method speaks of treatment that stays; leave such units out, or end the panel before',
    )
  if (found.moved > 0)
    refuse(
      `${found.moved} units have more than one date of first treatment, ${such}`,
      'the date belongs to the unit: take the first in the model',
    )
  if (found.scattered > 0)
    refuse(
      `${found.scattered} units are in more than one cluster, ${such}`,
      `'${cluster}' has to be the same in all rows of a unit`,
    )
}
