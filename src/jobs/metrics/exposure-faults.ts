import type { MetricsExperiment } from '../../core/metrics-spec.ts'
import type { Relation } from '../../core/node.ts'
import { relationIdent, type Session, type SQLQuery, sql } from '../../warehouse/index.ts'

/*
 * Exposures that are not what the experiments say of them: arms that nobody declared, and units in several arms where
 * that is not to be.
 */

/** What was found among exposures that the experiments did not foresee. */
export interface ExposureFault {
  readonly kind: 'undeclared_arms' | 'crossovers'
  readonly experiment: string
  readonly detail: string
}

/** Thrown when exposures are not what an experiment says of them. */
export class ExposureFaults extends Error {
  readonly faults: readonly ExposureFault[]

  constructor(faults: readonly ExposureFault[]) {
    super(faults.map(({ experiment, detail }) => `${experiment}: ${detail}`).join('; '))
    this.name = 'ExposureFaults'
    this.faults = faults
  }
}

/** Throws where exposures carry arms that their experiment does not declare. */
export async function refuseUnknownArms(
  session: Session,
  experiments: readonly MetricsExperiment[],
  seen: Relation,
): Promise<void> {
  const { rows } = await session.query<{ number: number; arms: string[] }>(sql`
    select experiment_number as number, array_agg(distinct arm order by arm) as arms
    from ${relationIdent(seen)} group by 1`)
  const faults = rows.flatMap(({ number, arms }): ExposureFault[] => {
    const { name, arms: declared } = experiments[number]!
    const unknown = arms.filter((arm) => !declared.includes(arm))
    if (unknown.length === 0) return []
    const detail = `exposures carry arms that the experiment does not declare: ${unknown.join(', ')}`
    return [{ kind: 'undeclared_arms', experiment: name, detail }]
  })
  if (faults.length > 0) throw new ExposureFaults(faults)
}

/** Throws where units were seen in several arms of an experiment that fails on it; `units` has their `crossed_day`. */
export async function refuseCrossovers(
  session: Session,
  experiments: readonly MetricsExperiment[],
  units: SQLQuery,
): Promise<void> {
  const refusing = experiments.flatMap(({ data }, number) => (data.crossovers === 'fail' ? [number] : []))
  if (refusing.length === 0) return
  const { rows } = await session.query<{ number: number; units: number }>(sql`
    select u.experiment_number as number, count(*) as units from ${units} as u
    where u.crossed_day is not null and u.experiment_number = any(${refusing}::int[])
    group by 1 order by 1`)
  if (rows.length === 0) return
  throw new ExposureFaults(
    rows.map(({ number, units: crossed }) => ({
      kind: 'crossovers',
      experiment: experiments[number]!.name,
      detail: `${crossed} ${crossed === 1 ? 'unit was' : 'units were'} seen in more than one arm`,
    })),
  )
}
