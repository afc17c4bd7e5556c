import type { BrokenContract } from '../../core/selection/index.ts'
import { contractBreaks } from './compare-contract.ts'
import { type Entry, part } from './entry-values.ts'

/** What is there now, by the ids of the earlier manifest. */
export interface CurrentEntries {
  readonly entryOf: (id: string) => Entry | null
  readonly isDisabled: (id: string) => boolean
  readonly now: Date
}

/**
 * The models of an earlier manifest whose contract was enforced and no longer holds. A model that is gone breaks its
 * contract too, unless that had been announced for a day that has passed.
 */
export function brokenContracts(
  previous: Iterable<readonly [string, Entry]>,
  current: CurrentEntries,
): readonly BrokenContract[] {
  return [...previous].flatMap(([id, before]) => {
    if (before['resource_type'] !== 'model' || part(before, 'contract')['enforced'] !== true) return []
    const now = current.entryOf(id)
    const breaks = now ? contractBreaks(now, before) : whyGone(id, before, current)
    if (breaks.length === 0) return []
    const version = (now ?? before)['version'] ?? null
    return [
      {
        model: String(before['name']) + (version === null ? '' : `.v${version}`),
        file: String((now ?? before)['original_file_path']),
        isVersioned: version !== null,
        breaks,
      },
    ]
  })
}

function whyGone(id: string, before: Entry, { isDisabled, now }: CurrentEntries): readonly string[] {
  const deprecated = before['deprecation_date']
  if (typeof deprecated === 'string' && Date.parse(deprecated) < now.getTime()) return []
  return [isDisabled(id) ? 'it was switched off' : 'it was removed or renamed']
}
