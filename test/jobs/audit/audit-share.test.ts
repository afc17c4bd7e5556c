import { expect, test } from 'vitest'
import { mergeShares, type PeekingShare } from '../../../src/jobs/audit/audit-share.ts'

test('takes the kind of interval from the first share that could tell', () => {
  const of = (own: Partial<PeekingShare>) => ({
    methods: [],
    peeking: [
      {
        ...({ outcome: 'revenue', method: 'msprt', scale: 'absolute', ciKind: '' } as const),
        ...{ looks: 3, replications: 10, rejected: 0 },
        ...own,
      },
    ],
  })
  const { peeking } = mergeShares([of({}), of({ ciKind: 'always_valid', rejected: 2 }), of({ looks: 4 })])
  expect(peeking).toEqual([
    {
      ...{ outcome: 'revenue', method: 'msprt', scale: 'absolute', ciKind: 'always_valid' },
      ...{ looks: 4, replications: 30, rejected: 2 },
    },
  ])
})
