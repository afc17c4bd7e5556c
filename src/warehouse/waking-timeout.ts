/** A timeout is up after so many parts of it. */
const parts = 10

/**
 * Calls back after a time in which this process was awake, and returns what calls that off. While it was stopped, or its
 * machine asleep, an answer may have come that nobody has read: however long that was, it counts as a part of the time.
 */
export function wakingTimeout(timeoutMs: number, callBack: () => void): () => void {
  let left = parts
  const timer = setInterval(() => {
    left--
    if (left > 0) return
    clearInterval(timer)
    callBack()
  }, timeoutMs / parts)
  return () => clearInterval(timer)
}
