import { renderValue } from '../compile/make-renderer.ts'
import { makeTemplates } from '../compile/templates.ts'
import type { Target } from '../core/manifest.ts'
import { ProblemError } from '../core/problem.ts'
import type { PostgresTargetSpec } from '../core/project.ts'
import type { CommandContext } from './command-context.ts'

/** Renders the templates in a target, such as `{{ env_var('PGPASSWORD') }}`; all that fail are reported together. */
export function renderTargetSpec(
  name: string,
  spec: PostgresTargetSpec,
  { environment: env, clock }: Pick<CommandContext, 'environment' | 'clock'>,
): PostgresTargetSpec {
  const templates = templatesFor(unknownTarget(name, spec), { environment: env, clock })
  const problems = []
  const rendered: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(spec)) {
    try {
      rendered[key] = typeof value === 'string' ? numberWhere(key, renderValue(templates, value)) : value
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      problems.push(
        ...error.problems.map(({ code, severity, message, hint }) => ({
          code,
          severity,
          message: `target '${name}', ${key}: ${message}`,
          ...(hint && { hint }),
        })),
      )
    }
  }
  if (problems.length > 0) throw new ProblemError(problems)
  return rendered as unknown as PostgresTargetSpec
}

/** A text that may be a template, such as the name of a profile. */
export function renderText(text: string, context: Pick<CommandContext, 'environment' | 'clock'>): string {
  if (!text.includes('{')) return text
  const target = unknownTarget('', { engine: 'postgres', schema: '', threads: 1 })
  return String(renderValue(templatesFor(target, context), text))
}

/** Templates that know the environment and nothing else. */
function templatesFor(
  target: Target,
  { environment: env, clock }: Pick<CommandContext, 'environment' | 'clock'>,
) {
  return makeTemplates(noProject, { target, vars: {}, env, clock, textOf: () => undefined })
}

const noProject = {
  config: { name: '', vars: {}, dispatch: [] },
  packages: [],
  macros: [],
}

/** What came out of a template is text; a number is wanted for these. */
function numberWhere(key: string, value: unknown): unknown {
  return key === 'threads' && Number.isInteger(Number(value)) ? Number(value) : value
}

/** What templates see of the target while it is still being read: only what needs no rendering. */
function unknownTarget(name: string, { schema, threads }: PostgresTargetSpec): Target {
  const unknown = { database: '', host: '', port: 0, user: '' }
  return { name, type: 'postgres', engine: 'postgres', schema, threads, ...unknown }
}
