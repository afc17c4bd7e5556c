/**
 * What a method returns instead of a number that could not be trusted.
 *
 * Every function of statistics returns its result or this, so a caller has to look before it uses a number.
 */
export interface Refusal {
  /** Why, in plain words for the reader of the result. */
  readonly refused: string
}

/** Makes a refusal. */
export function refuse(reason: string): Refusal {
  return { refused: reason }
}

/** Whether a result is a refusal. */
export function isRefused<T extends object>(result: T | Refusal): result is Refusal {
  return 'refused' in result
}
