import { SafeBatch } from '../batch/safe-batch.ts'
import { hiddenStep } from '../batch/step.ts'
import { SafeClient, type SafeClientConfig } from '../client/safe-client.ts'
import { SafeQuery } from '../client/safe-query.ts'
import { sqlStateOf } from '../errors/facts.ts'
import { toError } from '../errors/to-error.ts'
import { run } from '../session/run.ts'
import { sessionError } from '../session/session-error.ts'

/**
 * Whether a batch that fails in the middle leaves its client connection open.
 *
 * Found out with one that divides by zero, on a client connection of its own: Odyssey with
 * `pool_reserve_prepared_statement` reports the error and closes it.
 */
export async function survivesFailingBatch(config: SafeClientConfig): Promise<boolean> {
  const client = new SafeClient({ ...config, unknownOptions: 'ignore' })
  try {
    await client.connect()
  } catch (error) {
    throw toError(sessionError(error))
  }
  try {
    await run(client, new SafeBatch([hiddenStep('select 1'), hiddenStep('select 1 / 0'), hiddenStep('select 1')]))
    return true
  } catch (error) {
    if (sqlStateOf(error) !== '22012') return false
    return await isUsable(client)
  } finally {
    await client.end()
  }
}

async function isUsable(client: SafeClient): Promise<boolean> {
  const query = new SafeQuery('select 1')
  query.scope = 'internal'
  try {
    await run(client, query)
    return true
  } catch {
    return false
  }
}

/** Asks for what PostgreSQL does by default, so that nobody is hurt who keeps it. */
class ProbingClient extends SafeClient {
  override getStartupConf(): Record<string, string> {
    return { ...super.getStartupConf(), extra_float_digits: '1' }
  }
}

/** What the endpoint says to a start-up parameter, if it refuses it. */
export async function startupRefusal(config: SafeClientConfig): Promise<string | undefined> {
  const client = new ProbingClient({ ...config, unknownOptions: 'ignore' })
  try {
    await client.connect()
    return undefined
  } catch (error) {
    const { message } = toError(error)
    if (/unsupported startup parameter/i.test(message)) return message
    throw toError(sessionError(error))
  } finally {
    await client.end().catch(() => undefined)
  }
}
