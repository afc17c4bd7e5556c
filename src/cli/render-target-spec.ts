import type { Target } from '../core/manifest.ts'
import { ProblemError } from '../core/problem.ts'
import type { PostgresTargetSpec } from '../core/project.ts'
import type { CommandContext } from './command-context.ts'

type Surroundings = Pick<CommandContext, 'environment' | 'clock'>

/** Renders the templates in a target, such as `{{ env_var('PGPASSWORD') }}`; all that fail are reported together. */
export async function renderTargetSpec(
  name: string,
  spec: PostgresTargetSpec,
  surroundings: Surroundings,
): Promise<PostgresTargetSpec> {
  const problems = []
  const rendered: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(spec)) {
    try {
      rendered[key] =
        typeof value === 'string'
          ? numberWhere(key, await renderedWith(unknownTarget(name, spec), value, surroundings))
          : value
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
export async function renderText(text: string, surroundings: Surroundings): Promise<string> {
  const target = unknownTarget('', { engine: 'postgres', schema: '', threads: 1 })
  return String(await renderedWith(target, text, surroundings))
}

/** Templates here know the environment and nothing else. What renders them is large, and most targets need it not. */
async function renderedWith(
  target: Target,
  text: string,
  { environment: env, clock }: Surroundings,
): Promise<unknown> {
  if (!text.includes('{')) return text
  const [{ renderValue }, { makeTemplates }] = await Promise.all([
    import('../compile/make-renderer.ts'),
    import('../compile/templates.ts'),
  ])
  const templates = makeTemplates(noProject, { target, vars: {}, env, clock, textOf: () => undefined })
  return renderValue(templates, text)
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
