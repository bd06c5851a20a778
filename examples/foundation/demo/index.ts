export {
  startPlacesContractServer,
  type AskedPlaces,
  type PlacesAnswer,
  type PlacesContractServer,
  type PlacesContractServerOptions,
} from './places/contract-server.ts'
export type { DemoPlace } from './places/places.ts'
export type { DemoRequest, RequestLog } from './request-log.ts'
export { companyFate, type CompanyFate } from './sites/companies.ts'
export { demoHosts, resolveDemoHost, startDemoWorld, type DemoWorld, type DemoWorldOptions } from './world.ts'
