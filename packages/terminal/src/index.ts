export { parseTerminalConfig, type TerminalConfig } from './config/terminal-config.ts';
export { type RunningTerminal, type StartTerminalOptions, startTerminal } from './terminal.ts';
