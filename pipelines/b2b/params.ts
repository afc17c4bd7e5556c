import { dayMicros, microsPerDay, requireBetween, requireWholes, seedRange } from '../parameters.ts'

/** The parameters of the b2b world, as `pipelines/b2b.yml` names them. */
export interface B2bParams {
  readonly b2b_accounts: number
  readonly b2b_seed: number
  /** The day on which the nudges were sent. */
  readonly b2b_campaign: string
  /** Days of activity on record before the campaign. */
  readonly b2b_days_before: number
  /** Days after the campaign within which an outcome counts. */
  readonly b2b_window_days: number
  /** How strongly inactive and annoyed users were picked for the nudge: 1 is the world as described, 0 is a fair lottery. */
  readonly b2b_selection: number
  /** How much of the record is spoiled: 1 is the world as described, 0 is a clean record. */
  readonly b2b_dirt: number
}

/** A user's number is that of the account times this, plus a place in it. */
export const usersPerAccount = 1000

/** Refuses parameters that make no world, naming the one at fault. */
export function checkParams(params: B2bParams): void {
  requireWholes(params, {
    b2b_accounts: [1, 1e9],
    b2b_seed: seedRange,
    b2b_days_before: [30, 730],
    b2b_window_days: [1, 90],
  })
  requireBetween('b2b_selection', params.b2b_selection, 0, 2)
  requireBetween('b2b_dirt', params.b2b_dirt, 0, 5)
  dayMicros('b2b_campaign', params.b2b_campaign)
}

/** The day of the campaign, counted from 1970. */
export function campaignDay(params: B2bParams): number {
  return dayMicros('b2b_campaign', params.b2b_campaign) / microsPerDay
}
