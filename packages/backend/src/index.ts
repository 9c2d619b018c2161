export { type RunningBackend, startBackend } from './backend.ts';
export { type BackendConfig, parseBackendConfig } from './config/backend-config.ts';
export { judgeDatabaseAddress } from './config/database-address.ts';
