import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import { makeProblem, ProblemError } from '../core/problem.ts'
import type { ProjectConfig, TargetSpec } from '../core/project.ts'
import type { Environment } from './output.ts'

export interface ChosenTarget {
  readonly name: string
  readonly spec: TargetSpec
  /** Whether DATABASE_URL is to take the place of the embedded server. */
  readonly usesDatabaseUrl: boolean
}

/**
 * The target to work on: the one that is named, else the project's default. DATABASE_URL takes the place of a
 * default that is embedded; a target that somebody named means what it says.
 */
export function chooseTarget(
  config: ProjectConfig,
  named: string | undefined,
  environment: Environment,
): ChosenTarget {
  const name = named ?? config.defaultTarget
  const spec = Object.hasOwn(config.targets, name) ? config.targets[name] : undefined
  if (!spec) throw new ProblemError(unknownTarget(name, Object.keys(config.targets)))
  const hasUrl = (environment['DATABASE_URL'] ?? '') !== ''
  return { name, spec, usesDatabaseUrl: named === undefined && spec.engine === 'embedded' && hasUrl }
}

function unknownTarget(name: string, known: readonly string[]) {
  const suggestion = didYouMean(name, known)
  const list = `the project has ${known.length === 0 ? 'no targets' : quotedList(known, 'and')}`
  return makeProblem('target-unknown', `there is no target '${name}'`, {
    hint: suggestion ? `${suggestion}\n${list}` : list,
  })
}
