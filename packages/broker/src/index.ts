export { wasTurnedOut } from './amqp-error.ts';
export {
  type BackoffBounds,
  backoffDelayMs,
  DEFAULT_BACKOFF,
  REFUSED_BACKOFF,
  refusedDelayMs,
} from './backoff.ts';
export { virtualHostOf } from './broker-url.ts';
export { type Clock, systemClock } from './clock.ts';
export { type BrokerConfig, plainHosts, readBrokerConfig } from './configuration/broker-config.ts';
export { type Environment, EnvironmentReader, entriesOf, shown } from './configuration/environment-reader.ts';
export { createLogger } from './configuration/json-logger.ts';
export {
  readUnknownVariables,
  type StrangeVariable,
  strangeVariables,
} from './configuration/known-variables.ts';
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
export {
  type BrokerAttempt,
  type BrokerProbe,
  type BrokerProbeOptions,
  probeBroker,
} from './diagnosis/probe-broker.ts';
export { type ExclusiveLock, takeExclusiveLock } from './exclusive-lock.ts';
export { type Logger, silentLogger } from './logger.ts';
export {
  type Definitions,
  ManagementClient,
  type Policy,
  type UserDefinition,
  type UserLimits,
} from './management.ts';
export type { ManagementOptions } from './management-http.ts';
export type { BrokerAlarms } from './management-reader.ts';
export type {
  BrokerOverview,
  ListedBinding,
  ListedConnection,
  ListedExchange,
  ListedParameter,
  ListedPolicy,
  ListedQueue,
  ListedUser,
  Listener,
  Permissions,
  TopicPermissions,
  VirtualHost,
} from './management-schemas.ts';
export type { BrokerNode } from './node-schemas.ts';
export type { OutgoingMessage } from './outgoing-message.ts';
export {
  DOCKER_IMAGE,
  type DockerNode,
  type DockerNodeOptions,
  startDockerNode,
} from './private-node/docker-node.ts';
export { findRabbitmq, type RabbitmqInstallation } from './private-node/find-rabbitmq.ts';
export { BROKER_SETTINGS, enabledPlugins } from './private-node/node-config.ts';
export type { NodePorts } from './private-node/ports.ts';
export {
  type PrivateNode,
  type PrivateNodeOptions,
  type PrivateNodeProgress,
  startPrivateNode,
} from './private-node/private-node.ts';
export { removePrivateNodeData } from './private-node/remove-node-data.ts';
export {
  type AuditOptions,
  auditBroker,
  findingsByArea,
  readSettledState,
} from './provisioning/audit-broker.ts';
export type { BrokerState } from './provisioning/broker-state.ts';
export {
  BLOCK_TAG,
  type DesiredBroker,
  type DesiredBrokerOptions,
  type DesiredUser,
  desiredBroker,
  GUARDIAN_USER,
  PUBLISHABLE_KEYS,
  PUBLISHER_USER,
  TERMINAL_POLICY,
} from './provisioning/desired-broker.ts';
export { type AuditArea, type Finding, shellWord } from './provisioning/finding.ts';
export {
  OAUTH_PLUGIN,
  type OAuthNodeConfig,
  type OAuthOptions,
  oauthNodeConfig,
  TOKEN_AUDIENCE,
} from './provisioning/oauth-node-config.ts';
export { type Provisioned, provisionBroker } from './provisioning/provision-broker.ts';
export {
  BLOCK_LIMITS,
  blockingUser,
  hasLimits,
  isTerminalId,
  limitingUser,
  TERMINAL_LIMITS,
} from './provisioning/terminal-users.ts';
export { type TlsNodeConfig, tlsNodeConfig } from './provisioning/tls-node-config.ts';
export { Publisher, type PublisherOptions } from './publisher.ts';
export type { ChannelSource, OpenSession, Session } from './session.ts';
export { Subscriber, type SubscriberOptions } from './subscriber.ts';
export {
  certificateFault,
  circuitFetch,
  createFetch,
  type Fetch,
  type FetchInit,
  fetchFromAny,
  isLoopbackHost,
  PLAINTEXT_VARIABLE,
  type PlaintextCase,
  PlaintextRule,
  readCaFile,
  whyNoAuthorities,
} from './transport/index.ts';
