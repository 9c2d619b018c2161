export {
  type BackoffBounds,
  backoffDelayMs,
  DEFAULT_BACKOFF,
  REFUSED_BACKOFF,
  refusedDelayMs,
} from './backoff.ts';
export { type Clock, systemClock } from './clock.ts';
export { type BrokerConfig, plainHosts, readBrokerConfig } from './configuration/broker-config.ts';
export { type Environment, EnvironmentReader, entriesOf, shown } from './configuration/environment-reader.ts';
export { createLogger } from './configuration/json-logger.ts';
export { readUnknownVariables } from './configuration/known-variables.ts';
export { type LogLevel, readLogLevel } from './configuration/log-level.ts';
export type { BrokerCredentials, TlsOptions } from './connect-once.ts';
export { BrokerConnection, type BrokerConnectionOptions, type SessionHandle } from './connection.ts';
export type { ConnectionState } from './connection-state.ts';
export {
  decodeContent,
  type EncodedContent,
  encodeContent,
  GZIP_THRESHOLD_BYTES,
  MAX_CONTENT_BYTES,
} from './content-codec.ts';
export type { Delivery } from './delivery.ts';
export { type ExclusiveLock, takeExclusiveLock } from './exclusive-lock.ts';
export { type Logger, silentLogger } from './logger.ts';
export { type BrokerAlarms, ManagementClient, type Policy } from './management.ts';
export type { ManagementOptions } from './management-http.ts';
export type {
  BrokerOverview,
  ListedBinding,
  ListedConnection,
  ListedExchange,
  ListedQueue,
  Permissions,
  TopicPermissions,
} from './management-schemas.ts';
export type { OutgoingMessage } from './outgoing-message.ts';
export {
  DOCKER_IMAGE,
  type DockerNode,
  type DockerNodeOptions,
  startDockerNode,
} from './private-node/docker-node.ts';
export { findRabbitmq, type RabbitmqInstallation } from './private-node/find-rabbitmq.ts';
export type { NodePorts } from './private-node/ports.ts';
export {
  type PrivateNode,
  type PrivateNodeOptions,
  type PrivateNodeProgress,
  startPrivateNode,
} from './private-node/private-node.ts';
export { removePrivateNodeData } from './private-node/remove-node-data.ts';
export {
  OAUTH_PLUGIN,
  type OAuthNodeConfig,
  type OAuthOptions,
  oauthNodeConfig,
  TOKEN_AUDIENCE,
} from './provisioning/oauth-node-config.ts';
export { Publisher, type PublisherOptions } from './publisher.ts';
export type { ChannelSource, OpenSession, Session } from './session.ts';
export { Subscriber, type SubscriberOptions } from './subscriber.ts';
export { checkExchange, declareExchange } from './topology.ts';
export { readCaFile, whyNoAuthorities } from './transport/ca-file.ts';
export { certificateFault } from './transport/certificate-fault.ts';
export { createFetch, type Fetch, type FetchInit } from './transport/fetch-over-tls.ts';
export { isLoopbackHost } from './transport/loopback.ts';
export { PLAINTEXT_VARIABLE, PlaintextRule } from './transport/plaintext-rule.ts';
