import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { z } from 'zod'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { ProjectConfig } from '../core/project.ts'
import { checkYaml } from './check-yaml.ts'
import { readText } from './project-files.ts'
import { optionalMapping } from './schema-pieces.ts'
import { parseYaml } from './yaml-document.ts'

const fileName = 'vars.yml'
const varsSchema = z.strictObject({ vars: optionalMapping })

/** The config with the vars of vars.yml, which may take the place of `vars:` in the project's file. */
export function withVarsFile(
  root: string,
  folder: string,
  config: ProjectConfig,
  problems: Problem[],
): ProjectConfig {
  const path = posix.join(folder, fileName)
  if (!existsSync(join(root, path))) return config
  const file = readText(root, path, problems)
  const document = file && parseYaml(file, problems)
  if (!document || document.value === null || document.value === undefined) return config
  const yaml = checkYaml(document, varsSchema, problems)
  if (!yaml) return config
  if (Object.keys(config.vars).length > 0)
    problems.push(
      makeProblem('config-invalid', `vars stand both in ${path} and in the project's file`, {
        place: document.placeOfKey(['vars']),
        source: document.text,
        hint: 'keep them in one of the two',
      }),
    )
  return { ...config, vars: yaml.vars, varsInFile: true }
}
