// Prints the mutations as JSON, for scripts that run on whatever Node is installed.
import { mutations } from './mutations.ts'

process.stdout.write(JSON.stringify({ mutations }))
