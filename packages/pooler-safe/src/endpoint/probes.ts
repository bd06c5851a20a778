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
class ParameterClient extends SafeClient {
  override getStartupConf(): Record<string, string> {
    return { ...super.getStartupConf(), extra_float_digits: '1' }
  }
}

/** The same, inside `options`. */
class OptionsClient extends SafeClient {
  override getStartupConf(): Record<string, string> {
    return { ...super.getStartupConf(), options: '-c extra_float_digits=1' }
  }
}

/** A database that there is not: who answers says who it is. */
class NowhereClient extends SafeClient {
  override getStartupConf(): Record<string, string> {
    return { ...super.getStartupConf(), database: 'pooler_safe_probe' }
  }
}

const refused = /unsupported startup parameter/i

/** What the endpoint says to a start-up parameter, if it refuses it. */
export async function startupRefusal(config: SafeClientConfig): Promise<string | undefined> {
  const error = await knock(new ParameterClient({ ...config, unknownOptions: 'ignore' }))
  if (error === undefined || refused.test(error.message)) return error?.message
  throw toError(sessionError(error))
}

/**
 * Which PgBouncer it is, as far as it tells: since 1.20 it reads what is in `options`, before it refused them as a whole.
 * Undefined when its configuration has it ignore them.
 */
export async function pgBouncerVersion(config: SafeClientConfig): Promise<string | undefined> {
  const error = await knock(new OptionsClient({ ...config, unknownOptions: 'ignore' }))
  if (!error || !refused.test(error.message)) return undefined
  return /parameter in options/i.test(error.message) ? '1.20 or newer' : 'before 1.20'
}

/** Whether Odyssey is there: it signs its own errors, and finds no route to a database that there is not. */
export async function isOdyssey(config: SafeClientConfig): Promise<boolean> {
  const error = await knock(new NowhereClient({ ...config, unknownOptions: 'ignore' }))
  return error !== undefined && /^odyssey:/i.test(error.message)
}

/** Logs in and out. Returns why it could not, if so. */
async function knock(client: SafeClient): Promise<Error | undefined> {
  try {
    await client.connect()
    return undefined
  } catch (error) {
    return toError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}
