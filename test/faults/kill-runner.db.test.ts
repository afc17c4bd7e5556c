import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import type { Outcome } from './lane.ts'
import { commitMoment } from './moments.ts'
import { amount, inPart, seeded, spread, tell } from './seeded.ts'
import { killAt, overLanes, statesChecked, type UsedLane, useLanes } from './use-lane.ts'

/*
 * The runner is killed at moments that the server names: at the beginning and end of statements, among them all those
 * of the publishing transaction, and at its commit. The run after it is killed more often than not, too; every few the
 * next is left alone, and has to succeed and to clear up after all of them.
 */

const lanes = useLanes(amount(2, 4))
const outcomes: Outcome[] = []
let missed = 0

afterAll(() => {
  const after = outcomes.filter((outcome) => outcome === 'after').length
  tell(
    `runner killed at ${outcomes.length} named moments of ${lanes()[0]!.moments} (${missed} not reached), after the ` +
      `publication at ${after}, ${statesChecked(lanes())} states checked`,
  )
})

test('killed at named moments, a run has published all or nothing, and the next one clears up', async () => {
  const { moments } = lanes()[0]!
  const chosen = inPart(spread(seeded(1), amount(8, moments), moments))
  await overLanes(lanes(), chosen, async (used, moment, index) => {
    const { lane, barrier } = used
    if ((await killAt(used, { moment })) === null) missed++
    await barrier.release()
    await lane.quiet()
    outcomes.push(await lane.check())
    if (index % 3 === 0) await lane.recover(index % 12 === 0 ? 'as a process' : 'here')
  })
  await Promise.all(lanes().map(({ lane }) => lane.recover('here')))
}, 7_200_000)

test('its backends may live on for a while when the next run begins', async () => {
  const { moments } = lanes()[0]!
  const chosen = inPart(spread(seeded(2), amount(3, 24), moments))
  await overLanes(lanes(), chosen, async (used, moment) => {
    const { lane, barrier } = used
    if ((await killAt(used, { moment })) === null) missed++
    const released = sleep(1000).then(() => barrier.release())
    outcomes.push(await lane.check('may still commit'))
    await lane.recover('here')
    await released
  })
}, 7_200_000)

test('a commit that hangs while the next run begins goes through or is ended, and the next run knows which', async () => {
  const used: UsedLane = lanes()[0]!
  const { lane, barrier } = used
  const random = seeded(10)
  for (let index = 0; index < amount(1, 6); index++) {
    expect(await killAt(used, { what: commitMoment })).not.toBeNull()
    // The next run gives the dead a second before it ends what they have left at work.
    const released = sleep(2000 * random.uniform()).then(() => barrier.release())
    const before = lane.published.length
    await lane.recover('here')
    await released
    outcomes.push(lane.published.length === before + 2 ? 'after' : 'before')
  }
}, 7_200_000)
