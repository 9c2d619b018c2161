const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Resolves at the first signal that asks to stop. Further ones are swallowed while it is in use: a Ctrl-C at
 * a terminal may arrive several times, from the terminal itself and passed on by npm.
 */
export function stopSignal(): { readonly asked: Promise<undefined> } & Disposable {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const ask = (): void => resolve(undefined);
  for (const signal of SIGNALS) process.on(signal, ask);
  return {
    asked: promise,
    [Symbol.dispose]: () => {
      for (const signal of SIGNALS) process.off(signal, ask);
    },
  };
}
