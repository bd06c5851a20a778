export { openCommandDemo, type CommandDemo } from './open-demo.ts'
export { openCommandEndpoint, type CommandEndpoint, type CommandEndpointOptions } from './open-endpoint.ts'
