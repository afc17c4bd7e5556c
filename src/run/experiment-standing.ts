import type { ExperimentSpec } from '../core/experiment-spec.ts'
import { instantOf, isInstant } from '../core/instant.ts'
import type { Manifest } from '../core/manifest.ts'
import { type Relation, relationKey } from '../core/node.ts'
import { existingRelations, relationIdent, sql, type Warehouse } from '../warehouse/index.ts'
import { type JobOfKind, jobsOfKind, publishedTables, readAbout } from './job-standing.ts'

/*
 * How an experiment stands: what it declares, and what its published tables say.
 */

/** A job that is an experiment. */
export type ExperimentNode = JobOfKind<'experiment'>

export interface StandingEstimate {
  readonly outcome: string
  readonly treatment: string
  readonly comparison: string
  readonly segmentName: string | null
  readonly segmentValue: string | null
  readonly estimand: string
  readonly method: string
  readonly scale: string
  readonly estimate: number | null
  readonly ciLower: number | null
  readonly ciUpper: number | null
  readonly ciLevel: number | null
  readonly ciKind: string | null
  readonly pValue: number | null
  readonly pValueAdjusted: number | null
  readonly n: number | null
  readonly status: 'ok' | 'refused'
  readonly reason: string | null
}

export interface StandingCheck {
  readonly checkName: string
  readonly outcome: string | null
  readonly treatment: string | null
  readonly segmentName: string | null
  readonly segmentValue: string | null
  readonly verdict: 'ok' | 'warn' | 'fail' | 'not_evaluated'
  readonly critical: boolean
  readonly message: string
  readonly overrideReason: string | null
}

export interface StandingDecision {
  readonly treatment: string
  readonly segmentName: string | null
  readonly segmentValue: string | null
  readonly decision: string
  readonly launch: string | null
  readonly reason: string
  readonly unitsNeeded: number | null
  readonly daysNeeded: number | null
}

export interface StandingArm {
  readonly arm: string
  readonly role: 'control' | 'treatment' | 'holdout'
  readonly weight: number
  /** Null where its tables do not say. */
  readonly units: number | null
}

/** Without dates an experiment is neither running nor over. */
export type ExperimentStatus = 'not_built' | 'planned' | 'running' | 'ended' | 'undated'

export interface ExperimentStanding {
  readonly name: string
  readonly question: string
  readonly relation: string
  readonly status: ExperimentStatus
  readonly start: string | null
  readonly end: string | null
  /** The instant that the published results speak about; null where there are none. */
  readonly asOf: string | null
  readonly runId: string | null
  readonly arms: readonly StandingArm[]
  readonly estimates: readonly StandingEstimate[]
  readonly health: readonly StandingCheck[]
  readonly decisions: readonly StandingDecision[]
}

/** The experiments of a project by name. */
export function experimentsIn(manifest: Pick<Manifest, 'nodes'>): ExperimentNode[] {
  return jobsOfKind(manifest, 'experiment')
}

/** Reads how experiments stand; `segments` for what is known of parts of their units too. */
export async function experimentStandings(
  warehouse: Pick<Warehouse, 'query'>,
  experiments: readonly ExperimentNode[],
  { segments }: { readonly segments: boolean },
): Promise<ExperimentStanding[]> {
  const relations = experiments.flatMap(({ tables }) => tables.map(({ relation }) => relation))
  const found = new Set((await existingRelations(warehouse, relations)).map(relationKey))
  const standings: ExperimentStanding[] = []
  for (const node of experiments) {
    standings.push(await readStanding(warehouse, node, publishedTables(node, found), segments))
  }
  return standings
}

async function readStanding(
  warehouse: Pick<Warehouse, 'query'>,
  { name, spec, relation }: ExperimentNode,
  tableOf: (suffix: string) => Relation | null,
  segments: boolean,
): Promise<ExperimentStanding> {
  const main = tableOf('')
  const about = main ? await readAbout(warehouse, main) : undefined
  const healthTable = tableOf('health')
  const decisionTable = tableOf('decision')
  const health = healthTable ? await readHealth(warehouse, healthTable, segments) : []
  const { data } = spec
  const [start, end] = data.kind === 'exposures' ? [data.start, data.end] : [null, null]
  return {
    name,
    question: spec.question,
    relation: relationKey(relation),
    status: statusOf(start, end, about?.asOf ?? null),
    start,
    end,
    asOf: about?.asOf ?? null,
    runId: about?.runId ?? null,
    arms: armsOf(spec, health.find(({ sizes }) => sizes !== null)?.sizes ?? null),
    estimates: main ? await readEstimates(warehouse, main, segments) : [],
    health: health.map(({ sizes: _, ...check }) => check),
    decisions: decisionTable ? await readDecisions(warehouse, decisionTable, segments) : [],
  }
}

function statusOf(start: string | null, end: string | null, asOf: string | null): ExperimentStatus {
  if (asOf === null) return 'not_built'
  if (start === null || end === null || !isInstant(start) || !isInstant(end)) return 'undated'
  const now = instantOf(asOf)
  if (now <= instantOf(start)) return 'planned'
  return now < instantOf(end) ? 'running' : 'ended'
}

type ArmSizes = Readonly<Record<string, number>>

function armsOf(
  { control, treatments, holdout, expectedWeights }: ExperimentSpec,
  sizes: ArmSizes | null,
): StandingArm[] {
  const total = Object.values(expectedWeights).reduce((sum, weight) => sum + weight, 0)
  const arm = (named: string, role: StandingArm['role']): StandingArm => ({
    arm: named,
    role,
    weight: (expectedWeights[named] ?? 0) / total,
    units: sizes?.[named] ?? null,
  })
  return [
    arm(control, 'control'),
    ...treatments.map((one) => arm(one, 'treatment')),
    ...(holdout === undefined ? [] : [arm(holdout, 'holdout')]),
  ]
}

async function readEstimates(
  warehouse: Pick<Warehouse, 'query'>,
  table: Relation,
  segments: boolean,
): Promise<StandingEstimate[]> {
  const { rows } = await warehouse.query<StandingEstimate>(sql`
    select
      outcome, treatment, comparison,
      segment_name as "segmentName", segment_value as "segmentValue",
      estimand, method, scale, estimate,
      ci_lower as "ciLower", ci_upper as "ciUpper", ci_level as "ciLevel", ci_kind as "ciKind",
      p_value as "pValue", p_value_adjusted as "pValueAdjusted", n::float8 as n, status, reason
    from ${relationIdent(table)}
    where estimand <> 'sample_ratio' and (segment_name is null or ${segments})
    order by segment_name nulls first, segment_value, treatment, outcome, scale, method`)
  return rows
}

async function readHealth(
  warehouse: Pick<Warehouse, 'query'>,
  table: Relation,
  segments: boolean,
): Promise<(StandingCheck & { readonly sizes: ArmSizes | null })[]> {
  const { rows } = await warehouse.query<
    StandingCheck & { readonly diagnostics: Record<string, unknown> }
  >(sql`
    select
      check_name as "checkName", outcome, treatment,
      segment_name as "segmentName", segment_value as "segmentValue",
      verdict, critical, message, override_reason as "overrideReason", diagnostics
    from ${relationIdent(table)}
    where segment_name is null or verdict in ('warn', 'fail') or ${segments}
    order by check_name, outcome nulls first, treatment nulls first, segment_name nulls first, segment_value`)
  return rows.map(({ diagnostics, ...check }) => ({
    ...check,
    sizes: check.checkName === 'sample_ratio' && check.segmentName === null ? sizesIn(diagnostics) : null,
  }))
}

/** How many units each arm has, as the check of their ratio notes it. */
function sizesIn({ arms, units }: Readonly<Record<string, unknown>>): ArmSizes | null {
  if (!Array.isArray(arms) || !Array.isArray(units)) return null
  return Object.fromEntries(arms.map((arm, index) => [String(arm), Number(units[index])]))
}

async function readDecisions(
  warehouse: Pick<Warehouse, 'query'>,
  table: Relation,
  segments: boolean,
): Promise<StandingDecision[]> {
  const { rows } = await warehouse.query<StandingDecision>(sql`
    select
      treatment, segment_name as "segmentName", segment_value as "segmentValue",
      decision, launch, reason, units_needed as "unitsNeeded", days_needed as "daysNeeded"
    from ${relationIdent(table)}
    where segment_name is null or ${segments}
    order by segment_name nulls first, segment_value, treatment`)
  return rows
}
