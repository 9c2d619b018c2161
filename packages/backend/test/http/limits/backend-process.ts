/** A whole backend as a process of its own, whose memory can be measured: told its environment by its parent. */
import { startBackend } from '../../../src/backend.ts';
import { parseBackendConfig } from '../../../src/config/backend-config.ts';

const backend = await startBackend(parseBackendConfig(process.env));
process.send?.(backend.url);
process.once('message', () => {
  backend.stop().then(
    () => process.disconnect(),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
