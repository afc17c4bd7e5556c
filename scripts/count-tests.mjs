// Prints what a test run counted, from the JSON report that vitest wrote, as one plain line.
import { readFileSync } from 'node:fs'

const text = readFileSync(process.argv[2], 'utf8')
if (text === '') {
  console.error('the tests were not reached')
  process.exit(1)
}
const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(text)
console.log(
  `${numPassedTests} passed, ${numFailedTests} failed${numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''}`,
)
