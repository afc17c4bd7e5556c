import type { MetricsSpec } from '../../core/metrics-spec.ts'
import type { Relation } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { columnsOf, createTableAs, relationIdent, sql } from '../../warehouse/index.ts'
import type { JobContext, JobOutcome, JobRunner, JobTable } from '../job.ts'
import { isoDay } from './day-number.ts'
import { ExposureFaults } from './exposure-faults.ts'
import { checkColumns } from './metrics-columns.ts'
import { type MetricsPlan, planMetrics, type UnusableColumns, unusableKey } from './metrics-plan.ts'
import { type RefreshInput, type RefreshOutcome, refreshMetrics } from './refresh-metrics.ts'
import type { SourceRelation } from './running-sql.ts'
import { metricColumns, type PreviousRefresh, unitColumns } from './units-sql.ts'
import { UnusableValues } from './unusable-values.ts'

/*
 * Runs `kind: metrics`: brings its tables up to date where they are there and fit, and makes them from nothing otherwise.
 */

type Relations = ReadonlyMap<string, SourceRelation>

/** Computes the statistics of all experiments that use a set of metrics. */
export const runMetrics: JobRunner<MetricsSpec> = async (spec, context) => {
  const relations = await relationsRead(spec, context)
  const problems = checkColumns(spec, (ref) => relations.get(ref)!.types, context.job.place)
  if (problems.length > 0) throw new ProblemError(problems)
  const published = await publishedRefresh(context)
  const known = published ? unusableBefore(spec, published) : new Set<string>()
  try {
    return await attempt(spec, context, { relations, published, unusable: known })
  } catch (error) {
    if (error instanceof ExposureFaults) throw new ProblemError(problemsOf(error, context), { cause: error })
    throw error
  }
}

interface Attempt {
  readonly relations: Relations
  readonly published: PreviousRefresh | null
  readonly unusable: UnusableColumns
}

/** One attempt; where values turn up that are no finite numbers, another one that counts them. */
async function attempt(
  spec: MetricsSpec,
  context: JobContext,
  { relations, published, unusable }: Attempt,
): Promise<JobOutcome> {
  const plan = planMetrics(spec, unusable)
  const previous = published && canGoOn(plan, published) ? published : null
  const input: RefreshInput = {
    plan,
    sources: plan.sources.map(({ ref }) => relations.get(ref)!),
    exposures: relations,
    unitType: unitType(spec, relations, context),
    previous,
    targets: {
      cells: previous ? context.deltaOf('') : context.buildOf(''),
      units: context.buildOf('units'),
      groups: context.buildOf('groups'),
    },
    workRelation: (name) => workRelation(context.buildOf('units'), name),
  }
  try {
    const outcome = await refreshMetrics(context.session, input)
    if (outcome.units === null && previous) await makeEmptyDelta(previous, context)
    return { tables: tablesOf(outcome), summary: summarise(plan, outcome) }
  } catch (error) {
    if (!(error instanceof UnusableValues)) throw error
    const all = new Set([...unusable, ...error.columns])
    if (all.size === unusable.size) throw error
    return attempt(spec, context, { relations, published, unusable: all })
  }
}

/** Units that are as they were stay in the table that is published. */
async function makeEmptyDelta({ units }: PreviousRefresh, { session, deltaOf }: JobContext): Promise<void> {
  const nothing = sql`select * from ${relationIdent(units)} where false`
  await session.query(createTableAs(deltaOf('units'), nothing, { unlogged: true }))
}

/** A table of the run's own beside the one that is built. */
function workRelation({ schema, identifier }: Relation, name: string): Relation {
  const suffix = `__${name}`
  return { schema, identifier: `${identifier.slice(0, 60 - suffix.length)}${suffix}` }
}

async function relationsRead(spec: MetricsSpec, { session, relationOf }: JobContext): Promise<Relations> {
  const refs = [...spec.metrics.map(({ from }) => from.ref), ...spec.experiments.map(({ data }) => data.ref)]
  const found = new Map<string, SourceRelation>()
  for (const ref of new Set(refs)) {
    const relation = relationOf(ref)
    const columns = (await columnsOf(session, relation)) ?? []
    found.set(ref, { relation, types: new Map(columns.map(({ name, type }) => [name, type])) })
  }
  return found
}

/** The type of units: that of the first source, to which all others are compared. */
function unitType({ metrics, experiments }: MetricsSpec, relations: Relations, { job }: JobContext): string {
  const named = [
    ...metrics.map(({ from }) => ({ ref: from.ref, column: from.unit })),
    ...experiments.map(({ data }) => ({ ref: data.ref, column: data.unit })),
  ].map(({ ref, column }) => ({ ref, column, type: relations.get(ref)!.types.get(column)! }))
  const [first] = named
  const other = named.find(({ type }) => unitKind(type) !== unitKind(first!.type))
  if (other)
    throw new ProblemError(
      makeProblem(
        'job-failed',
        `units are ${first!.type} in '${first!.ref}' and ${other.type} in '${other.ref}', so they never meet`,
        { place: job.place, hint: `cast '${other.column}' in the model` },
      ),
    )
  return first!.type
}

function unitKind(type: string): string {
  if (/^(smallint|integer|bigint)$/.test(type)) return 'integer'
  return /^(text|character)/.test(type) ? 'text' : type
}

/** The tables as the last run published them; null where there are none to go on from. */
async function publishedRefresh({ session, publishedOf }: JobContext): Promise<PreviousRefresh | null> {
  const [cells, units, groups] = [publishedOf(''), publishedOf('units'), publishedOf('groups')]
  if (!cells || !units || !groups) return null
  const columns = await columnsOf(session, units)
  const { rows } = await session.query<{ day: number | null }>(
    sql`select max(settled_day) - date '1970-01-01' as day from ${relationIdent(groups)}`,
  )
  const day = rows[0]?.day ?? null
  if (!columns || day === null) return null
  return { units, groups, settledDay: day, columns: new Set(columns.map(({ name }) => name)) }
}

/** Whether what is published has all that the plan needs, and as_of has not gone back behind it. */
function canGoOn(plan: MetricsPlan, { columns, settledDay }: PreviousRefresh): boolean {
  if (plan.until < settledDay || plan.settles < settledDay) return false
  // Where a settled total is not kept beside a column, the column itself holds it.
  const needed = [...unitColumns, ...metricColumns(plan)].filter((name) => !name.endsWith('__settled'))
  return needed.every((name) => columns.has(name))
}

/** Columns of which values were found before that are no finite numbers. */
function unusableBefore({ metrics }: MetricsSpec, { columns }: PreviousRefresh): Set<string> {
  const found = new Set<string>()
  for (const metric of metrics) {
    const measures =
      metric.kind === 'funnel'
        ? []
        : metric.kind === 'ratio'
          ? ([
              [metric.name, metric.numerator],
              [`${metric.name}__denominator`, metric.denominator],
            ] as const)
          : ([[metric.name, metric.value]] as const)
    for (const [name, { column }] of measures)
      if (column !== undefined && columns.has(`${name}__unusable`))
        found.add(unusableKey(metric.from, column))
  }
  return found
}

function tablesOf({ cells, units, groups, firstDay }: RefreshOutcome): JobTable[] {
  const main: JobTable =
    firstDay === null
      ? { kind: 'built', suffix: '', rows: cells }
      : {
          kind: 'delta',
          suffix: '',
          rows: cells,
          replaces: {
            column: 'day',
            intervals: [{ from: `${isoDay(firstDay)}T00:00:00.000Z`, to: '9999-12-31T00:00:00.000Z' }],
          },
        }
  return [
    main,
    units === null
      ? { kind: 'delta', suffix: 'units', rows: 0, replaces: { key: ['experiment', 'unit'] } }
      : { kind: 'built', suffix: 'units', rows: units },
    { kind: 'built', suffix: 'groups', rows: groups },
  ]
}

function summarise(plan: MetricsPlan, { units, newUnits, firstDay }: RefreshOutcome): string {
  const parts = [
    counted(plan.experiments.length, 'experiment'),
    units === null ? 'units as they were' : counted(units, 'unit'),
    counted(plan.metrics.length, 'metric'),
  ]
  const since =
    firstDay === null ? 'all days' : `from ${isoDay(firstDay)} on, ${newUnits.toLocaleString('en')} units new`
  return `${parts.join(', ')}; ${since}`
}

function problemsOf({ faults }: ExposureFaults, { job }: JobContext) {
  return faults.map(({ kind, experiment, detail }) =>
    makeProblem('job-failed', `${experiment}: ${detail}`, {
      place: job.place,
      hint:
        kind === 'undeclared_arms'
          ? 'add the arms to treatments, or filter the exposures'
          : 'crossovers: exclude leaves them out, crossovers: first_arm keeps them where they were first',
    }),
  )
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}
