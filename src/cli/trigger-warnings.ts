import type { Dag } from '../core/dag.ts'
import type { Manifest } from '../core/manifest.ts'
import { relationsOf } from '../core/node.ts'
import { type Problem, ProblemError } from '../core/problem.ts'
import type { CommandContext } from './command-context.ts'
import type { OpenTarget } from './open-target.ts'
import { parseVars } from './parse-vars.ts'
import { triggerProblems } from './validate-dags.ts'

/**
 * The `new_data` triggers that will never fire, as warnings: new data is looked for under the names of schemas and
 * tables, and a source may be called otherwise. Compiles the project where a DAG has such a trigger. A project that
 * cannot be compiled warns of nothing: that is for the steps to tell.
 */
export async function triggerWarnings(
  context: CommandContext,
  dags: readonly Dag[],
  open: () => Promise<OpenTarget>,
): Promise<Problem[]> {
  const waiting = dags.filter(({ triggers }) => triggers.newData.length > 0)
  if (waiting.length === 0) return []
  try {
    const manifest = await compiledManifest(context, await open())
    const written = namesOf(manifest)
    return waiting
      .map((dag) => ({ ...dag, triggers: { ...dag.triggers, newData: unknownTo(written, dag) } }))
      .flatMap((dag) => triggerProblems(dag, manifest))
      .map((problem) => ({ ...problem, severity: 'warning' as const }))
  } catch (error) {
    if (error instanceof ProblemError) return []
    throw error
  }
}

/** Leaves what commands keep of the project as it is. */
async function compiledManifest(context: CommandContext, opened: OpenTarget): Promise<Manifest> {
  const { flags } = context
  const { compileWorkspace } = await import('./cache/compiled-workspace.ts')
  const { manifest } = await compileWorkspace(context, {
    opened,
    vars: parseVars(flags.vars),
    how: { checksSql: false, checksVersion: flags.versionCheck !== false },
    reuses: flags.partialParse ?? opened.config.flags['partial_parse'] !== false,
    keeps: false,
    check: async () => {},
  })
  return manifest
}

/** The schemas and tables of all nodes: what loads and streams may bring rows to. */
function namesOf({ nodes }: Manifest): ReadonlySet<string> {
  return new Set(
    Object.values(nodes)
      .flatMap(relationsOf)
      .flatMap(({ schema, identifier }) => [schema, `${schema}.${identifier}`]),
  )
}

function unknownTo(written: ReadonlySet<string>, { triggers }: Dag): string[] {
  return triggers.newData.filter((name) => !written.has(name))
}
