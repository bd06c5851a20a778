export {
  createEventSource,
  type EventSource,
  type EventSourceOptions,
  type EventSourceStats,
  type SubscribeOptions,
} from './event-source.ts'
export { eventStream, type EventStreamOptions } from './event-stream.ts'
export { Subscription, type ProgressEvent } from './subscription.ts'
export { readTopic, topicName, topicScopes, type Topic, type TopicKind } from './topic.ts'
