/** The examples below a command's help: each command line with what it does. */
export function examples(lines: readonly (readonly [commandLine: string, meaning: string])[]): string {
  const width = Math.max(...lines.map(([commandLine]) => commandLine.length))
  const rows = lines.map(([commandLine, meaning]) => `  ${commandLine.padEnd(width)}  ${meaning}`)
  return `\nExamples:\n${rows.join('\n')}`
}
