import type { z } from 'zod'
import { didYouMean, quotedList } from '../core/did-you-mean.ts'
import type { Problem } from '../core/problem.ts'
import { explainIssue, type RawIssue } from './explain-issue.ts'
import { type YamlDocument, type YamlPath, yamlProblem } from './yaml-document.ts'

/*
 * Unknown in, trusted out: a value of a YAML document against a schema, every problem with its place.
 */

/** What an unknown key means: in our own files an error, in a project made for dbt, which lets them pass, a warning. */
export type UnknownKeys = 'error' | 'warning'

/** Returns the trusted value, or null when something was pushed to `problems` that forbids it. */
export function checkYaml<T>(
  document: YamlDocument,
  schema: z.ZodType<T>,
  problems: Problem[],
  unknownKeys: UnknownKeys = 'error',
): T | null {
  return checkYamlPart(document, [], document.value, schema, problems, unknownKeys)
}

/** The same for the value that stands at a path of the document. */
export function checkYamlPart<T>(
  document: YamlDocument,
  path: YamlPath,
  value: unknown,
  schema: z.ZodType<T>,
  problems: Problem[],
  unknownKeys: UnknownKeys,
): T | null {
  const first = attempt(schema, value)
  if (first.success) return first.data
  for (const issue of first.issues) {
    const placed = { ...issue, path: [...path, ...issue.path] }
    problems.push(...problemsOf(document, placed, unknownKeys))
  }
  if (unknownKeys === 'error' || first.issues.some((issue) => issue.code !== 'unrecognized_keys')) return null
  const second = attempt(schema, withoutUnknownKeys(value, first.issues))
  return second.success ? second.data : null
}

type Attempt<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly issues: readonly RawIssue[] }

/** Runs the schema; its issues come back with the schema and the value that they speak about. */
function attempt<T>(schema: z.ZodType<T>, value: unknown): Attempt<T> {
  // zod drops both from what it reports, so each message is a number under which the raw issue is found again.
  const seen: RawIssue[] = []
  const result = schema.safeParse(value, {
    error: (issue) => {
      seen.push(issue as RawIssue)
      return String(seen.length - 1)
    },
  })
  if (result.success) return { success: true, data: result.data }
  return { success: false, issues: result.error.issues.map((issue) => completed(issue as RawIssue, seen)) }
}

function completed(issue: RawIssue, seen: readonly RawIssue[]): RawIssue {
  const raw = /^\d+$/.test(issue.message ?? '') ? seen[Number(issue.message)] : undefined
  return {
    ...issue,
    inst: raw?.inst,
    input: raw?.input,
    message: raw ? undefined : issue.message,
    errors: issue.errors?.map((branch) => branch.map((inner) => completed(inner, seen))),
  }
}

function problemsOf(document: YamlDocument, issue: RawIssue, unknownKeys: UnknownKeys): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const allowed = issue.inst?.def.shape ? Object.keys(issue.inst.def.shape) : []
    return (issue.keys ?? []).map((key) =>
      unknownKeyProblem(document, [...issue.path, key], allowed, unknownKeys),
    )
  }
  return explainIssue(issue, document).map(({ path, message, hint }) =>
    yamlProblem(document, path, message, { hint }),
  )
}

/** The problem of a key that nothing reads, with the key that was probably meant or the keys that there are. */
export function unknownKeyProblem(
  document: YamlDocument,
  path: YamlPath,
  allowed: readonly string[],
  unknownKeys: UnknownKeys = 'error',
): Problem {
  const key = String(path.at(-1))
  const list = [...allowed].sort()
  const hint = didYouMean(key, list) ?? (list.length > 0 ? `known here: ${list.join(', ')}` : undefined)
  const owner = path.at(-2)
  const where = typeof owner === 'string' ? ` in ${quotedList([owner])}` : ''
  return yamlProblem(document, path, `unknown key '${key}'${where}`, {
    code: 'yaml-unknown-key',
    place: document.placeOfKey(path),
    severity: unknownKeys,
    hint,
  })
}

function withoutUnknownKeys(value: unknown, issues: readonly RawIssue[]): unknown {
  const copy = structuredClone(value)
  for (const issue of issues) {
    const owner = issue.path.reduce<unknown>(
      (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
      copy,
    )
    for (const key of issue.keys ?? []) delete (owner as Record<string, unknown>)[key]
  }
  return copy
}
