/**
 * Puts guarded clients into `pg` before anybody loads it: `node --import pooler-safe/register app.js`, or
 * `node --require pooler-safe/register app.js`. For libraries that do not take a driver.
 *
 * @throws PoolerSafeError POOLER_SAFE_REGISTERED_TOO_LATE when `pg` has been loaded already
 */
import { createRequire } from 'node:module'
import { registerGuard } from './register-guard.ts'

// ES modules copy the classes out of `pg` when it is first loaded, so the way there must be CommonJS alone.
registerGuard(createRequire(typeof __filename === 'string' ? __filename : import.meta.url))
