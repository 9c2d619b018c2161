/** A backend as a process of its own, so that who asks it does not share its event loop; configured by its environment. */
import { parseBackendConfig, startBackend } from '@tillcast/backend';

const backend = await startBackend(parseBackendConfig(process.env));
process.send?.(backend.url);
process.on('message', () => {
  // Twice: what was waiting to be finalized at the first is garbage at the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ heapBytes: heapUsed + external });
});
process.once('disconnect', () => void backend.stop());
