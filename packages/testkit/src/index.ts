export {
  type BrokerTokenOptions,
  makeTokenSigningKey,
  signBrokerToken,
  type TokenSigningKey,
} from './broker-token.ts';
export { chromiumProgram, launchBrowser } from './browser.ts';
export { createDatabase, type DatabaseTemplate, databaseUrl, type FreshDatabase } from './databases.ts';
export { placeEmbeddedDatabase } from './embedded-template.ts';
export { type FaultProxy, type FaultProxyOptions, openFaultProxy } from './fault-proxy/fault-proxy.ts';
export type { DeliveryFaults, FaultTally, Interception, LineFaults } from './fault-proxy/faults.ts';
export { seededRandom } from './fault-proxy/seeded-random.ts';
export { freshDatabase } from './fresh-database.ts';
export { freshVirtualHost } from './fresh-virtual-host.ts';
export type { PublicJwk } from './jwks-desk.ts';
export { type TestMessageSigner, testMessageSigner } from './message-signer.ts';
export { freePort, isFree } from './ports.ts';
export { type PrivatePostgres, type PrivatePostgresOptions, startPrivatePostgres } from './postgres.ts';
export { postgresUser } from './postgres-programs.ts';
export {
  createVirtualHost,
  type FreshVirtualHost,
  type ProvisionedHost,
  type RabbitmqAddress,
  startTemporaryRabbitmq,
  type UserRights,
} from './rabbitmq.ts';
