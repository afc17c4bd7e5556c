import { makeProblem, ProblemError } from '../../core/problem.ts'

/** The embedded server cannot do what was asked; the hint says what a person can do. */
export function embeddedError(message: string, hint: string, cause?: unknown): ProblemError {
  return new ProblemError(makeProblem('warehouse-embedded', message, { hint }), { cause })
}

/** Words for what goes wrong with files and folders. */
export function fileError(action: string, path: string, cause: unknown): ProblemError {
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  const reason = fileReasons[code] ?? (cause as Error).message
  return embeddedError(`cannot ${action} ${path}: ${reason}`, fileHints[code] ?? elsewhere, cause)
}

const elsewhere = 'set DATABASE_URL to use a server of your own instead'
const fileReasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
}
const fileHints: Readonly<Record<string, string>> = {
  EACCES: `the project folder must be writable; ${elsewhere}`,
  EPERM: `the project folder must be writable; ${elsewhere}`,
  EROFS: `the project folder must be writable; ${elsewhere}`,
  ENOSPC: `free some space, or ${elsewhere}`,
  EDQUOT: `free some space, or ${elsewhere}`,
}
