import type { Manifest } from '../../core/manifest.ts'
import type { NodeId } from '../../core/node.ts'
import { makeProblem, ProblemError } from '../../core/problem.ts'
import { artifactIds } from '../artifacts/artifact-ids.ts'
import { type Entry, part } from './entry-values.ts'
import { readArtifact } from './read-artifact.ts'

/** An earlier run, as its run_results.json tells of it. */
export interface PreviousRun {
  readonly id: string
  readonly command: string
  readonly args: Entry
  /** The nodes that have to run again. */
  readonly leftUndone: (manifest: Manifest, warningsToo: boolean) => readonly NodeId[]
}

/** What dbt calls the outcome of a node that is still to be done. */
const undone = ['error', 'fail', 'skipped', 'runtime error', 'partial success']

/** Reads run_results.json; throws a problem where there is none. */
export function readPreviousRun(folder: string): PreviousRun {
  const document = readArtifact(folder, 'run_results.json')
  if (!document)
    throw new ProblemError(
      makeProblem('state-missing', `there is no run_results.json in ${folder}`, {
        hint: 'run something first, or name the folder with --state',
      }),
    )
  const args = part(document, 'args')
  const results = (document['results'] ?? []) as readonly Entry[]
  const adopted = (args['adopted'] ?? []) as readonly string[]
  // A run that publishes everything at once and fails leaves also what it has built to be done. A retry finds out
  // what of that it need not do again. So it does after a run that does not know whether it has published.
  const isUnpublished =
    (args['published'] === false || args['published'] === null) &&
    (adopted.length > 0 || results.some((result) => result['status'] === 'success' && !isReused(result)))
  return {
    id: String(part(document, 'metadata')['invocation_id'] ?? ''),
    command: String(args['which'] ?? ''),
    args,
    leftUndone: (manifest, warningsToo) => {
      const isUndone = (result: Entry): boolean => {
        const status = String(result['status'])
        if (undone.includes(status) || (warningsToo && status === 'warn')) return true
        return isUnpublished && status !== 'no-op' && !isReused(result)
      }
      const wanted = results.filter(isUndone)
      const ids = new Map([...artifactIds(manifest)].map(([id, artifactId]) => [artifactId, id]))
      return [
        ...(isUnpublished ? adopted : []),
        ...wanted.map((result) => String(result['unique_id'])),
      ].flatMap((id) => ids.get(id) ?? [])
    },
  }
}

/** Whether a node stayed as it was published: there is nothing to do for it. */
function isReused(result: Entry): boolean {
  return part(result, 'adapter_response')['code'] === 'REUSED'
}
