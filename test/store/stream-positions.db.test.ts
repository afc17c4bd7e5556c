import { expect, test } from 'vitest'
import {
  claimPartitions,
  forgetPositions,
  migrateStore,
  movePositions,
  type PositionChange,
} from '../../src/store/index.ts'
import { sql } from '../../src/warehouse/index.ts'
import { useWarehouse } from '../warehouse/test-database.ts'

const warehouse = useWarehouse()
const relation = { schema: 'raw', identifier: 'clicks' }
const claim = (partition: number) => ({ topic: 't', partition, topicId: 'id', start: 5n })

function change(partition: number, fence: bigint, from: bigint, to: bigint): PositionChange {
  return {
    ...{ topic: 't', partition, fence, from, to, endOffset: to + 1n },
    ...{ rows: 1, deadLetters: 0, newestMs: 1_700_000_000_000 },
  }
}

test('only who claimed last moves a position, and only from where it stands', async () => {
  await warehouse().withSession(async (session) => {
    await migrateStore(session)
    const first = await claimPartitions(session, relation, 'one', [claim(1), claim(0)])
    expect(first.map(({ partition, nextOffset, fence }) => [partition, nextOffset, fence])).toEqual([
      [0, 5n, 1n],
      [1, 5n, 1n],
    ])
    const move = (...changes: PositionChange[]) => movePositions(session, relation, changes)
    expect(await move(change(0, 1n, 5n, 9n), change(1, 1n, 5n, 6n))).toBe(true)
    expect(await move(change(0, 1n, 5n, 9n))).toBe(false)
    const second = await claimPartitions(session, relation, 'two', [claim(0), claim(2)])
    expect(second.map(({ partition, nextOffset, fence }) => [partition, nextOffset, fence])).toEqual([
      [0, 9n, 2n],
      [2, 5n, 1n],
    ])
    expect(await move(change(0, 1n, 9n, 10n))).toBe(false)
    expect(await move(change(0, 2n, 9n, 10n))).toBe(true)
    await forgetPositions(session, relation)
    const anew = await claimPartitions(session, relation, 'two', [claim(0)])
    expect(anew[0]).toMatchObject({ nextOffset: 5n, fence: 1n })
  })
})

test('a reader that was displaced while it wrote waits for nobody and is told so', async () => {
  const late = { schema: 'raw', identifier: 'late' }
  await warehouse().withSession(async (zombie) => {
    await claimPartitions(zombie, late, 'zombie', [claim(0)])
    const moved = await zombie.transaction(async () => {
      await zombie.query(sql`create table if not exists late_rows (id int)`)
      await warehouse().withSession((session) => claimPartitions(session, late, 'next', [claim(0)]))
      return movePositions(zombie, late, [change(0, 1n, 5n, 9n)])
    })
    expect(moved).toBe(false)
  })
})
