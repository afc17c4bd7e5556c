import { afterAll, expect, test } from 'vitest'
import { sql } from '../../src/warehouse/index.ts'
import type { Outcome } from './lane.ts'
import type { Moment } from './moments.ts'
import { amount, seeded, spread, tell } from './seeded.ts'
import { killAt, overLanes, statesChecked, useLanes } from './use-lane.ts'

/*
 * A failed run leaves its builds for a retry. The run after it, which clears them away, is killed while it does: what
 * the store says is kept is there, and whoever comes next leaves nothing of either.
 */

const lanes = useLanes(amount(1, 4))
const outcomes: Outcome[] = []
let missed = 0

afterAll(() => {
  const after = outcomes.filter((outcome) => outcome === 'after').length
  tell(
    `runner killed at ${outcomes.length} moments (${missed} not reached) after a run that had kept its builds, after the ` +
      `publication at ${after}, ${statesChecked(lanes())} states checked`,
  )
})

/** What a run does first is to clear away; the rest is tried in other tests, without anything that is kept. */
const early = 24

test('killed while it clears away what a failed run has kept, a run leaves all of it or nothing', async () => {
  const moments: Moment[] = [
    { what: 'ddl_command_start DROP SCHEMA' },
    { what: 'ddl_command_end DROP SCHEMA' },
    ...spread(seeded(70), amount(1, early), early).map((moment) => ({ moment })),
  ]
  await overLanes(lanes(), moments, async (used, moment, index) => {
    const { lane, barrier } = used
    const { result } = await lane.runHere({ vars: { fail: true } })
    expect(result).toMatchObject({ status: 'failed', published: false })
    await lane.check()
    const kept = async () => lane.rows(keptSchemas)
    expect(await kept()).toEqual([{ schema: result.buildSchema, there: true }])
    if ((await killAt(used, moment)) === null) missed++
    await barrier.release()
    await lane.quiet()
    outcomes.push(await lane.check())
    const left = await kept()
    expect(left.filter(({ there }) => !there)).toEqual([])
    expect(left.length).toBeLessThanOrEqual(1)
    await lane.recover(index % 2 === 0 ? 'here' : 'as a process')
  })
}, 7_200_000)

/** The schemas of runs of which something is kept, and whether they are there. */
const keptSchemas = sql`
  select distinct runs.build_schema as schema, to_regnamespace(runs.build_schema) is not null as there
  from estimand.kept_builds
  join estimand.runs using (run_id)`
