/*
 * Texts of a DAG file in which {{ ds }} and the like stand for what a run knows of itself. Names and nothing else: no
 * expressions, so that a file can be checked without running it.
 */

/** What a template may name, with what it stands for. */
export const dagTemplateNames = {
  ds: 'the day in which the data interval begins, in the time zone of the schedule: 2026-02-01',
  ds_nodash: 'the same without dashes: 20260201',
  next_ds: 'the day in which the data interval ends',
  data_interval_start: 'when the data interval begins, ISO 8601 in UTC',
  data_interval_end: 'when it ends',
  days: 'how many days there are from start_date to the end of the data interval',
  run_id: 'the id of the run',
  dag: 'the name of the DAG',
} as const

export type DagTemplateName = keyof typeof dagTemplateNames
export type DagTemplateValues = Readonly<Record<DagTemplateName, string | number>>

const call = /\{\{([^}]*)\}\}/g
const environmentCall = /^env_var\(\s*(['"])([A-Za-z_]\w*)\1\s*(?:,\s*(['"])(.*?)\3\s*)?\)$/

/** An expression of a template: the name of a value, or of an environment variable. */
export type TemplateExpression =
  | { readonly kind: 'value'; readonly name: DagTemplateName }
  | { readonly kind: 'env_var'; readonly name: string; readonly fallback: string | null }
  | { readonly kind: 'unknown'; readonly text: string }

/** What the expressions in a text are. */
export function templateExpressions(text: string): TemplateExpression[] {
  return [...text.matchAll(call)].map(([, inside]) => expressionOf(inside!.trim()))
}

function expressionOf(text: string): TemplateExpression {
  if (text in dagTemplateNames) return { kind: 'value', name: text as DagTemplateName }
  const environment = environmentCall.exec(text)
  if (!environment) return { kind: 'unknown', text }
  return { kind: 'env_var', name: environment[2]!, fallback: environment[4] ?? null }
}

/** Thrown where a template needs an environment variable that is not set; it names the variable and no text. */
export class MissingVariable extends Error {
  readonly variable: string

  constructor(variable: string) {
    super(`the environment variable ${variable} is not set`)
    this.name = 'MissingVariable'
    this.variable = variable
  }
}

/** The text with everything filled in. A text that is one value and nothing else becomes that value. */
export function renderDagText(
  text: string,
  values: Partial<DagTemplateValues>,
  environment: Readonly<Record<string, string | undefined>>,
): string | number {
  const fill = (inside: string): string | number => {
    const expression = expressionOf(inside.trim())
    if (expression.kind === 'unknown') throw new Error(`{{ ${expression.text} }} is no template of a DAG`)
    if (expression.kind === 'value') return values[expression.name] ?? ''
    const value = environment[expression.name] ?? expression.fallback
    if (value === null) throw new MissingVariable(expression.name)
    return value
  }
  const whole = /^\s*\{\{([^}]*)\}\}\s*$/.exec(text)
  if (whole) return fill(whole[1]!)
  return text.replace(call, (_, inside: string) => String(fill(inside)))
}

/** The same for all texts in a value. */
export function renderDagValue(
  value: unknown,
  values: Partial<DagTemplateValues>,
  environment: Readonly<Record<string, string | undefined>>,
): unknown {
  if (typeof value === 'string') return renderDagText(value, values, environment)
  if (Array.isArray(value)) return value.map((entry) => renderDagValue(entry, values, environment))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, renderDagValue(entry, values, environment)]),
  )
}
