import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { SelectorInfo } from '../core/manifest.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import { criterionKeys } from '../core/selection/selector-definition.ts'
import { checkYaml, type UnknownKeys } from './check-yaml.ts'
import { readText } from './project-files.ts'
import { anyName, description, known } from './schema-pieces.ts'
import { parseYaml } from './yaml-document.ts'

const selectorsSchema = z.strictObject({
  version: known.optional(),
  selectors: z.array(
    z.strictObject({
      name: anyName,
      description,
      definition: known,
      default: z.union([z.boolean(), z.string()]).nullish(),
    }),
  ),
})

/** The named selections of selectors.yml; none where there is no such file. */
export function readSelectors(root: string, unknownKeys: UnknownKeys, problems: Problem[]): SelectorInfo[] {
  const name = ['selectors.yml', 'selectors.yaml'].find((file) => existsSync(join(root, file)))
  const file = name === undefined ? null : readText(root, name, problems)
  const document = file && parseYaml(file, problems)
  if (!document || document.value === null || document.value === undefined) return []
  const yaml = checkYaml(document, selectorsSchema, problems, 'warning')
  const passedOver = (index: number, name: string) => (key: string) => {
    problems.push(
      makeProblem('selector-invalid', `selector '${name}': '${key}' is not known and passed over`, {
        severity: 'warning',
        place: document.placeOf(['selectors', index, 'name']),
        source: document.text,
        hint: `allowed: ${criterionKeys.join(', ')}`,
      }),
    )
  }
  const selectors = (yaml?.selectors ?? []).map((entry, index) => ({
    name: entry.name,
    description: entry.description,
    definition:
      unknownKeys === 'warning'
        ? withoutUnknownKeys(entry.definition, passedOver(index, entry.name))
        : entry.definition,
    isDefault: entry.default === true || entry.default === 'true',
  }))
  const seen = new Set<string>()
  for (const [index, { name: selector }] of selectors.entries()) {
    if (seen.has(selector))
      problems.push(
        makeProblem('name-duplicate', `selector '${selector}' is defined twice`, {
          place: document.placeOf(['selectors', index, 'name']),
          source: document.text,
        }),
      )
    seen.add(selector)
  }
  return selectors
}

/** A definition without the keys of criteria that nobody knows, which dbt passes over. */
function withoutUnknownKeys(definition: unknown, told: (key: string) => void): unknown {
  if (Array.isArray(definition)) return definition.map((part) => withoutUnknownKeys(part, told))
  if (typeof definition !== 'object' || definition === null) return definition
  const isCriterion = 'method' in definition && 'value' in definition
  const entries = Object.entries(definition).flatMap(([key, value]): [string, unknown][] => {
    if (!isCriterion || criterionKeys.includes(key)) return [[key, withoutUnknownKeys(value, told)]]
    told(key)
    return []
  })
  return Object.fromEntries(entries)
}
