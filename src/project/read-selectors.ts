import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { SelectorInfo } from '../core/manifest.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import { checkYaml } from './check-yaml.ts'
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
export function readSelectors(root: string, problems: Problem[]): SelectorInfo[] {
  const name = ['selectors.yml', 'selectors.yaml'].find((file) => existsSync(join(root, file)))
  const file = name === undefined ? null : readText(root, name, problems)
  const document = file && parseYaml(file, problems)
  if (!document || document.value === null || document.value === undefined) return []
  const yaml = checkYaml(document, selectorsSchema, problems, 'warning')
  const selectors = (yaml?.selectors ?? []).map((entry) => ({
    name: entry.name,
    description: entry.description,
    definition: entry.definition,
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
