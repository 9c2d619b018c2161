export { type Host, runCli } from './run.ts';
