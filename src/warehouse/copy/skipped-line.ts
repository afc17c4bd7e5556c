/** What pg gives of a notice. */
export interface NoticeMessage {
  readonly message?: string | undefined
  readonly routine?: string | undefined
}

/**
 * The line that a COPY says it has left out; none where a notice is about something else. Servers speak many languages:
 * the line is the first number, and the notice that sums up comes from another routine.
 */
export function skippedLineOf({ message = '', routine }: NoticeMessage): number[] {
  if (routine !== undefined && !copyRoutines.has(routine)) return []
  const line = /\d+/.exec(message)?.[0]
  return line === undefined ? [] : [Number(line)]
}

/** Where the server tells of single rows: 17, and from 18 on. */
const copyRoutines: ReadonlySet<string> = new Set(['NextCopyFrom', 'CopyFromTextLikeOneRow'])
