import type { ExperimentData, ExperimentSpec } from '../../../core/experiment-spec.ts'
import { jobTableName } from '../../../core/job-tables.ts'
import { columnsOf, relationIdent, type Session, sql } from '../../../warehouse/index.ts'
import type { JobContext } from '../../job.ts'
import { readCells } from '../../metrics/read-cells.ts'
import type { ExperimentCell } from '../cell.ts'
import { interactionSegment } from './cell-index.ts'
import type { Evidence, ExposureFacts, SinceExposureCell, TopShare } from './evidence.ts'
import { fetchCells } from './fetch-cells.ts'
import { fetchSinceExposure } from './fetch-since-exposure.ts'
import { requireKnownArms } from './fetch-unit-evidence.ts'
import { joinUnitRows } from './join-unit-rows.ts'
import { needsRows } from './needs-rows.ts'
import { outcomeKind, outcomeVariables } from './outcome-variables.ts'
import { fetchTops } from './tops-query.ts'
import { fetchUnitRows, type UnitRows } from './unit-rows.ts'
import { keptUnits, type UnitsSource } from './units-source.ts'

type Context = Pick<JobContext, 'session' | 'relationOf' | 'job'>

/** Fetches what is known of an experiment over exposures: the statistics and units that its sets of metrics keep. */
export async function fetchKeptEvidence(
  spec: ExperimentSpec,
  data: Extract<ExperimentData, { kind: 'exposures' }>,
  context: Context,
): Promise<Evidence> {
  const { session, relationOf, job } = context
  const sets = [
    ...new Set(spec.outcomes.flatMap(({ source }) => (source.from === 'metrics' ? [source.set] : []))),
  ]
  const cells: ExperimentCell[] = []
  const tops: TopShare[] = []
  const sinceExposure: SinceExposureCell[] = []
  let rows: UnitRows | null = null
  const asks = (...checks: readonly string[]): boolean =>
    spec.health.some(({ check }) => checks.includes(check))
  for (const set of sets) {
    const outcomes = spec.outcomes.filter(({ source }) => source.from === 'metrics' && source.set === set)
    const own = { ...spec, outcomes }
    const kept = await readCells(session, relationOf(set), { experiment: job.name, set, outcomes })
    const known = kept.filter(({ day }) => day === null || day < spec.asOf.slice(0, 10))
    cells.push(...known)
    const units = await keptUnitsOf(own, set, context)
    cells.push(...(await furtherCells(own, units, known, session)))
    sinceExposure.push(...(await fetchSinceExposure(session, units, outcomeVariables(own), new Map())))
    if (asks('outlier_influence', 'bot_like_units'))
      tops.push(
        ...(await fetchTops(
          session,
          units,
          outcomeVariables(own),
          new Map(),
          await countUnits(session, units),
        )),
      )
    if (needsRows(spec)) {
      const fetched = await fetchUnitRows(session, withCrossed(own, units), outcomeVariables(own), new Map())
      rows = rows === null ? fetched : joinUnitRows(rows, fetched)
    }
  }
  requireKnownArms(spec, cells, context)
  const facts = await fetchExposureFacts(data, sets[0]!, context)
  return { cells, facts, tops, sinceExposure, rows }
}

/** The units that a set of metrics keeps of the experiment. */
export async function keptUnitsOf(
  spec: ExperimentSpec,
  set: string,
  { session, relationOf, job }: Context,
): Promise<UnitsSource> {
  const relation = relationOf(jobTableName(set, 'units'))
  const columns = (await columnsOf(session, relation)) ?? []
  return keptUnits(spec, job.name, relation, new Map(columns.map(({ name, type }) => [name, type])))
}

/** What the kept statistics do not hold: outcomes that are quantiles, and the arms of other experiments. */
async function furtherCells(
  spec: ExperimentSpec,
  units: UnitsSource,
  known: readonly ExperimentCell[],
  session: Session,
): Promise<ExperimentCell[]> {
  const variables = outcomeVariables(spec)
  const latest = known.reduce<string | null>(
    (last, { day }) => (last === null || (day ?? '') > last ? day : last),
    null,
  )
  const quantiles = variables.filter(({ outcome }) => outcomeKind(outcome) === 'quantile')
  const crossed = spec.interactions.map(({ experiment }) => interactionSegment(experiment))
  const ofQuantiles = quantiles.length > 0 ? await fetchCells(session, units, quantiles, new Map()) : []
  const ofCrossed =
    crossed.length > 0
      ? await fetchCells(session, { ...units, segments: crossed, stratum: null }, variables, new Map())
      : []
  return [...ofQuantiles, ...ofCrossed.filter(({ segmentName }) => segmentName !== null)].map((cell) => ({
    ...cell,
    day: latest,
  }))
}

/** Units that are told apart by their arms in other experiments, too. */
function withCrossed({ interactions }: ExperimentSpec, units: UnitsSource): UnitsSource {
  return {
    ...units,
    segments: [...units.segments, ...interactions.map(({ experiment }) => interactionSegment(experiment))],
  }
}

async function countUnits(session: Session, units: UnitsSource): Promise<number> {
  const { rows } = await session.query<{ n: string }>(sql`select count(*) as n from ${units.from} as unit`)
  return Number(rows[0]?.n ?? 0)
}

/** Units that saw several arms, and those that were exposed before the experiment began. */
async function fetchExposureFacts(
  data: Extract<ExperimentData, { kind: 'exposures' }>,
  set: string,
  { session, relationOf, job }: Context,
): Promise<ExposureFacts> {
  const kept = relationIdent(relationOf(jobTableName(set, 'units')))
  const unit = sql.ident(data.unit)
  const mine = data.experiment
    ? sql`and exposure.${sql.ident(data.experiment.column)}::text = ${data.experiment.value}`
    : sql``
  const { rows } = await session.query<Record<string, string>>(sql`
    select
      count(*) as units,
      count(*) filter (where kept.crossed_day is not null) as crossovers,
      count(before.unit) as exposed_before
    from ${kept} as kept
    left join (
      select distinct exposure.${unit}::text as unit
      from ${relationIdent(relationOf(data.ref))} as exposure
      where exposure.${sql.ident(data.time)} < ${data.start}::timestamptz ${mine}
    ) as before on kept.unit::text = before.unit
    where kept.experiment = ${job.name}`)
  const [row] = rows
  return {
    units: Number(row?.units ?? 0),
    crossovers: Number(row?.crossovers ?? 0),
    duplicates: null,
    exposedBefore: Number(row?.exposed_before ?? 0),
  }
}
