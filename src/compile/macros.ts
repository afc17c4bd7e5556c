import { readFileSync } from 'node:fs'
import { closestNames } from '../core/did-you-mean.ts'
import { makeProblem, type Problem } from '../core/problem.ts'
import type { ProjectFile } from '../core/project.ts'
import type { Dialect, TemplateBlock } from './dialect/index.ts'
import { templateProblem } from './template-problem.ts'

/*
 * The macros of a project and, behind them, those that every project has. A test `not_null` is the macro
 * `test_not_null`.
 */

export interface Macros {
  find(name: string): TemplateBlock | undefined
  /** A macro that the project itself defines. */
  findOwn(name: string): TemplateBlock | undefined
  closest(name: string): string | undefined
  readonly all: readonly TemplateBlock[]
}

const builtinFiles = ['generic-tests.sql']

/** Parses macro files, collecting what is wrong with them. */
export function readMacros(
  dialect: Dialect,
  files: readonly ProjectFile[],
): { readonly macros: Macros; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const own = new Map<string, TemplateBlock>()
  for (const { path, text } of files) {
    for (const block of blocksOf(dialect, path, text, problems)) {
      const name = macroName(block)
      const first = own.get(name)
      if (first)
        problems.push(
          makeProblem('name-duplicate', `there are two macros '${name}'`, {
            place: block.place,
            source: text,
            related: [{ place: first.place, message: 'the first' }],
          }),
        )
      else own.set(name, block)
    }
  }
  const builtin = new Map(
    builtinFiles.flatMap((file) => {
      const text = readFileSync(new URL(`./builtin/${file}`, import.meta.url), 'utf8')
      return dialect.parse(text, `builtin/${file}`).blocks.map((block) => [macroName(block), block] as const)
    }),
  )
  return {
    problems,
    macros: {
      find: (name) => own.get(name) ?? builtin.get(name),
      findOwn: (name) => own.get(name),
      closest: (name) => closestNames(name, [...own.keys(), ...builtin.keys()])[0],
      all: [...own.values(), ...[...builtin].filter(([name]) => !own.has(name)).map(([, block]) => block)],
    },
  }
}

function macroName({ kind, name }: TemplateBlock): string {
  return kind === 'test' ? `test_${name}` : name
}

function blocksOf(
  dialect: Dialect,
  path: string,
  text: string,
  problems: Problem[],
): readonly TemplateBlock[] {
  try {
    return dialect.parse(text, path).blocks.filter(({ kind }) => kind === 'macro' || kind === 'test')
  } catch (error) {
    problems.push(templateProblem(error, () => text))
    return []
  }
}
