import type { Node } from '../../core/node.ts'
import type { NodeResult, RunResult } from '../../core/run-result.ts'
import { type ArtifactOptions, artifactMetadata } from './artifact-metadata.ts'
import { hasSql } from './compiled-path.ts'
import { entryFindings, entryRelation, entryTimes, type ResultScope } from './run-results-artifact.ts'
import { writeWholeFile } from './whole-file.ts'

/*
 * run_results.json of a command that does nothing to nodes but compile them. There an entry begins with times, which
 * all entries have in common; what follows is the same from one command to the next, as long as the node is.
 */

/** What follows the times in an entry, before and behind the node's compiled SQL; all before it where it has none. */
export interface LastingParts {
  readonly before: string
  readonly after: string
}

/** The part of a result's entry that is the same the next time. */
export function lastingParts(result: NodeResult, node: Node, id: string, scope: ResultScope): LastingParts {
  const findings = JSON.stringify(entryFindings(result, node, id, scope))
  const before = `${findings.slice(1, -1)},"compiled_code":`
  const after = `,"relation_name":${JSON.stringify(entryRelation(node, scope))}}`
  return hasSql(node) ? { before, after } : { before: `${before}null${after}`, after: '' }
}

/** One entry: a text as a whole, or what follows the times. */
export type LastingEntry = string | { readonly lasting: Buffer }

/** Writes run_results.json of a run with such entries, whose times are all the same. */
export function writeLastingResults(
  path: string,
  run: RunResult,
  entryOf: (result: NodeResult) => LastingEntry,
  options: ArtifactOptions,
): void {
  const [first] = run.results
  const times = Buffer.from(first ? `${JSON.stringify(entryTimes(first)).slice(0, -1)},` : '')
  writeWholeFile(path, options.invocationId, (out) => {
    out.write(`{"metadata": ${JSON.stringify(artifactMetadata('run-results/v6', options))},\n"results": [`)
    let separator = ''
    for (const entry of run.results.map(entryOf)) {
      out.write(separator)
      separator = ',\n'
      if (typeof entry === 'string') out.write(entry)
      else {
        out.write(times)
        out.write(entry.lasting)
      }
    }
    const args = { which: run.command }
    out.write(`],\n"elapsed_time": ${run.elapsedMs / 1000},\n"args": ${JSON.stringify(args)}}\n`)
  })
}
