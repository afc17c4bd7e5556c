import type { WorldParams } from '../../pipelines/product/params.ts'
import world from '../../pipelines/product/world.ts'
import { collectTables, declaredLoad, digestTables, type Rows } from './collect-tables.ts'

/** The parameters of the tests: small enough to be quick, long enough for both experiments. */
export const smallWorld: WorldParams = {
  events: 60_000,
  seed: 7,
  start_date: '2026-02-01',
  days: 150,
  aa_start_day: 60,
  aa_days: 28,
  one_tap_start_day: 108,
  one_tap_days: 42,
  one_tap_lift: 0.12,
  rollout_lift: 0.1,
}

const load = declaredLoad('product.yml')

/** Generates the partitions with these places in the plan, in this order; all of them in order when none are named. */
export function collectWorld(params: WorldParams, order?: readonly number[]): Rows {
  return collectTables(world, load, params, order)
}

/** A digest of the bytes that one partition sends to the warehouse. */
export function digestPartition(params: WorldParams, index: number): string {
  return digestTables(world, load, params, index)
}

export interface EventRow {
  readonly eventId: number
  readonly userId: number
  readonly time: number
  readonly name: string
  readonly sessionId: number
  readonly experiment: string | null
  readonly variant: string | null
  readonly platform: string
  readonly geo: string
  readonly device: string
  readonly item: number | null
  readonly priceCents: number | null
  readonly revenueCents: number | null
}

/** The events of a world, by name of column. */
export function eventsOf(rows: Rows): EventRow[] {
  return rows['product.events']!.map(
    ([
      eventId,
      userId,
      time,
      name,
      sessionId,
      experiment,
      variant,
      platform,
      geo,
      device,
      item,
      priceCents,
      revenueCents,
    ]) => ({
      eventId: eventId as number,
      userId: userId as number,
      time: time as number,
      name: name as string,
      sessionId: sessionId as number,
      experiment: experiment as string | null,
      variant: variant as string | null,
      platform: platform as string,
      geo: geo as string,
      device: device as string,
      item: item as number | null,
      priceCents: priceCents as number | null,
      revenueCents: revenueCents as number | null,
    }),
  )
}
