export type { BrokerConfig } from './config/broker-config.ts';
export type { EnvironmentVariables } from './config/environment.ts';
export { type LogLevel, parseTerminalConfig, type TerminalConfig } from './config/terminal-config.ts';
export { type RunningTerminal, type StartTerminalOptions, startTerminal } from './terminal.ts';
