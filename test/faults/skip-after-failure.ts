import { afterEach, beforeEach } from 'vitest'

/** Passes over the tests of a file that come after one that failed: what that left would only let them fail, too. */
export function useSkipAfterFailure(): void {
  let failed = false
  beforeEach(({ skip }) => skip(failed, 'a test before it failed'))
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail'
  })
}
