import { PermanentJobError, type JobHandlers, type RunContext } from '@pooler-safe/example-job-service'
import { PlacesError } from '../errors.ts'
import { searchJob } from '../jobs.ts'
import type { PlacesService } from '../service/places-service.ts'

/** What a worker runs for the job types of the places search. */
export function placesHandlers(places: PlacesService): JobHandlers {
  return {
    [searchJob]: async ({ job, signal, progress }: RunContext) => {
      const { searchId } = job.payload as { searchId: string }
      const isLastAttempt = job.failures + 1 >= job.maxAttempts
      try {
        const options = { signal, progress, isLastAttempt }
        const search = await places.processPlacesSearchBackground(job.tenantId, searchId, options)
        const { state, requests, pages, found, stored } = search
        return { state, requests, pages, found, stored, new: search.new }
      } catch (error) {
        if (!(error instanceof PlacesError)) throw error
        throw new PermanentJobError(error.code, error.message, { cause: error })
      }
    },
  }
}
