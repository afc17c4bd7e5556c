import { dagTemplateNames, templateExpressions } from '../core/dag-template.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import type { Problem } from '../core/problem.ts'
import type { DagYaml } from './dag-schema.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * Templates are checked when a file is read, not at two in the morning. Values of vars and arguments end up in logs
 * and artifacts, so they may name what the run knows of itself, but nothing of the environment, where secrets are.
 */

/** Checks every text that is a template of the run: vars, arguments, paths, commands. */
export function checkDagTemplates(document: YamlDocument, yaml: DagYaml, problems: Problem[]): void {
  const walk = (path: YamlPath, value: unknown, mayAskEnvironment: boolean): void => {
    if (typeof value === 'string') checkText(document, yaml, path, value, mayAskEnvironment, problems)
    else if (typeof value === 'object' && value !== null)
      for (const [key, entry] of Object.entries(value))
        walk([...path, keyOf(value, key)], entry, mayAskEnvironment)
  }
  walk(['vars'], yaml.vars, false)
  for (const [index, step] of (yaml.steps ?? []).entries()) {
    if (typeof step !== 'object' || step === null) continue
    for (const [key, value] of Object.entries(step))
      if (key in templated) walk(['steps', index, key], value, templated[key] === 'environment')
  }
}

/** The keys of steps that hold templates, and whether these may ask for variables of the environment. */
const templated: Readonly<Record<string, 'run' | 'environment'>> = {
  vars: 'run',
  args: 'run',
  to: 'run',
  command: 'run',
  env: 'environment',
}

function keyOf(owner: object, key: string): string | number {
  return Array.isArray(owner) ? Number(key) : key
}

function checkText(
  document: YamlDocument,
  { start_date: startDate }: DagYaml,
  path: YamlPath,
  text: string,
  mayAskEnvironment: boolean,
  problems: Problem[],
): void {
  const refuse = (message: string, hint: string) =>
    problems.push(yamlProblem(document, path, message, { hint }))
  const names = Object.keys(dagTemplateNames)
  for (const expression of templateExpressions(text)) {
    if (expression.kind === 'unknown')
      refuse(
        `{{ ${expression.text} }} is nothing that a run knows`,
        didYouMean(expression.text, names) ?? `a run knows ${names.join(', ')}`,
      )
    else if (expression.kind === 'env_var' && !mayAskEnvironment)
      refuse(
        `'${String(path.at(-1))}' may not hold {{ env_var(…) }}: it is written into logs and artifacts`,
        "give it to a command by 'env', or to models by env_var() where they need it",
      )
    else if (expression.kind === 'value' && expression.name === 'days' && startDate == null)
      refuse('{{ days }} counts from start_date, which is not there', 'add start_date: 2026-02-01')
  }
}

/** The variable of a text that is {{ env_var('…') }} and nothing else; null of any other. */
export function environmentVariable(text: string): string | null {
  const [only] = templateExpressions(text)
  if (!/^\s*\{\{[^}]*\}\}\s*$/.test(text) || only?.kind !== 'env_var') return null
  return only.fallback === null ? only.name : null
}
