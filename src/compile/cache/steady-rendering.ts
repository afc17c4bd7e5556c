import { extended } from '../../core/extended.ts'
import { functionNames } from '../context/functions.ts'
import type { RenderScope } from '../renderer.ts'

/*
 * Whether what a template became can be kept: only if it looked at nothing but the project and what the project is
 * compiled with, the flags of the command line among it. One that asks the database, the time or chance may become
 * something else tomorrow, and one that says something has to say it again.
 */

/**
 * The names of the context behind which there is nothing else, whatever is called on them. Those of environment
 * variables are missing, since nobody notes which of them are read while SQL is made.
 */
const steadyNames: ReadonlySet<string> = new Set([
  ...functionNames,
  'adapter',
  'api',
  'column',
  'config',
  'database',
  'dbt_version',
  'exceptions',
  'execute',
  'flags',
  'function',
  'is_incremental',
  'log',
  'project_name',
  'ref',
  'render',
  'schema',
  'source',
  'sql_now',
  'target',
  'this',
  'thread_id',
  'try_or_compiler_error',
  'var',
])

/** A scope for one rendering, which notes what the template reaches outside. */
export function watchRendering(scope: RenderScope): {
  readonly watched: RenderScope
  readonly isSteady: () => boolean
} {
  let isSteady = !scope.isIncremental
  const { ask } = scope
  const watched: RenderScope = extended({}, scope, {
    seen: (name: string) => {
      if (!steadyNames.has(name)) isSteady = false
    },
    log: (...said: Parameters<RenderScope['log']>) => {
      isSteady = false
      scope.log(...said)
    },
    ...(ask && {
      ask: (...asked: Parameters<typeof ask>) => {
        isSteady = false
        return ask(...asked)
      },
    }),
  })
  return { watched, isSteady: () => isSteady }
}
