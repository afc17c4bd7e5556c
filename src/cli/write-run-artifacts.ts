import type { Manifest } from '../core/manifest.ts'
import { relationsOf } from '../core/node.ts'
import type { RunResult } from '../core/run-result.ts'
import { writeArtifacts } from '../run/artifacts/index.ts'
import { buildSchemaOf, publishedNames } from '../run/relations.ts'
import type { CommandContext } from './command-context.ts'
import type { OpenTarget } from './open-target.ts'
import { packageVersion } from './version.ts'

/** Leaves manifest.json, run_results.json and the SQL of a run in the target folder. */
export async function writeRunArtifacts(
  { clock }: Pick<CommandContext, 'clock'>,
  { target, targetPath }: Pick<OpenTarget, 'target' | 'targetPath'>,
  manifest: Manifest,
  run: RunResult,
): Promise<void> {
  const relations = Object.values(manifest.nodes).flatMap(relationsOf)
  const toPublished = publishedNames(buildSchemaOf(run.runId), relations)
  const compiledCode = new Map(
    run.results.flatMap(({ nodeId, compiledCode: text }) =>
      text === undefined ? [] : [[nodeId, toPublished(text)] as const],
    ),
  )
  await writeArtifacts(targetPath, {
    manifest,
    run,
    compiledCode,
    invocationId: run.runId,
    generatedAt: clock(),
    version: packageVersion(),
    target,
  })
}
