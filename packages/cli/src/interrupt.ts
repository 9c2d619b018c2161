/** A signal for as long as it is in use: the first Ctrl-C or SIGTERM aborts it instead of ending the process. */
export function interruptSignal(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', abort).off('SIGTERM', abort);
    },
  };
}
