export { type EnrolledTill, enrollTills } from './enroll-tills.ts';
export type { TillSample } from './fleet-messages.ts';
export { type StormSystem, type StormSystemOptions, startStormSystem } from './storm-system.ts';
export { startTillFleet, type TillFleet } from './till-fleet.ts';
