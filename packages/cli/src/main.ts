import { enableCompileCache } from 'node:module';
import type { Output } from './context.ts';

// Before anything else is loaded: keeps what V8 compiled and what was stripped of types for the next start.
enableCompileCache();
const { runCli } = await import('./run.ts');

process.stdout.on('error', endOnBrokenPipe);
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  out: outputOf(process.stdout),
  err: outputOf(process.stderr),
});

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => {
      stream.write(text);
    },
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.isTTY === true ? stream.columns : 100;
    },
  };
}

/** Whoever read our output (`| head`) has enough: that is no failure. */
function endOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}
