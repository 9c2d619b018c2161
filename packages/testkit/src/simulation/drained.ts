/** Resolves when no promise has anything left to do: until then, virtual time stands still. */
export function drained(): Promise<void> {
  // A tick runs only when the queue of microtasks is empty, and without going through the event loop.
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
