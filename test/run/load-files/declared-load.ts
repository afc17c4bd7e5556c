import type { Files } from '../../project/temp-project.ts'
import { projectFile } from '../project-files.ts'

/** A project with a load of `raw.t`, with these keys in YAML beside its name and table. */
export function declaredLoad(keys: string, columns: string): Files {
  const lines = keys.trim().split('\n')
  return {
    'project.yml': projectFile,
    'pipelines/t.yml': `
loads:
  - name: t
${lines.map((line) => `    ${line.trim()}`).join('\n')}
    tables:
      - name: t
        schema: raw
        columns: [${columns}]
`,
  }
}
