export { type RunningBackend, startBackend } from './backend.ts';
export { type BackendConfig, parseBackendConfig } from './config/backend-config.ts';
export { judgeDatabaseAddress } from './config/database-address.ts';
export {
  type DatabaseFacts,
  type DatabaseInspection,
  type InspectedDatabase,
  inspectDatabase,
} from './diagnosis/inspect-database.ts';
export { parseSecretKey } from './keys/secret-key.ts';
