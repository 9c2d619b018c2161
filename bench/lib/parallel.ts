/** Does the work for all inputs, at most `limit` at once; results in the inputs' order. */
export async function inParallel<In, Out>(
  limit: number,
  inputs: readonly In[],
  work: (input: In) => Promise<Out>,
): Promise<readonly Out[]> {
  const results: Out[] = [];
  const entries = inputs.entries();
  const worker = async (): Promise<void> => {
    for (const [index, input] of entries) results[index] = await work(input);
  };
  await Promise.all(Array.from({ length: Math.min(limit, inputs.length) }, worker));
  return results;
}
