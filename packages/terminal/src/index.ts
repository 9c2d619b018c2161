export { parseTerminalConfig, type TerminalConfig } from './config/terminal-config.ts';
export {
  inspectTillFiles,
  type TillFile,
  type TillFiles,
} from './diagnosis/inspect-till-files.ts';
export { activateHostedTill, type HostedIdentity } from './hosted/hosted-identity.ts';
export {
  type BasketLine,
  type HostedTill,
  type HostedTillOptions,
  openHostedTill,
} from './hosted/hosted-till.ts';
export { type ActivateTillOptions, activateThisTill } from './identity/activate-this-till.ts';
export { resetTill } from './identity/reset-till.ts';
export { readIdentity, type TillIdentity } from './identity/till-identity.ts';
export {
  type CurrentToken,
  currentToken,
  type TillStanding,
  tillStanding,
} from './identity/till-standing.ts';
export { type OpenTerminal, openTerminal } from './open-terminal.ts';
export { type RunningTerminal, type StartTerminalOptions, startTerminal } from './terminal.ts';
export { checkUpdate } from './update-check.ts';
