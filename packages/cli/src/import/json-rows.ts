import type { SourceRow } from './source-row.ts';

/** No item is nearly this long; a file without line breaks should not be read into memory whole. */
const MAX_LINE_CHARACTERS = 1_000_000;

/** A JSON lines file's values; blank lines are passed over, a byte order mark is allowed. */
export async function* jsonRows(content: AsyncIterable<Buffer>): AsyncGenerator<SourceRow<unknown>> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  let line = 0;
  for await (const chunk of content) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      line += 1;
      const row = rowOfText(text, line);
      if (row !== null) yield row;
    }
    if (rest.length > MAX_LINE_CHARACTERS) {
      yield { line: line + 1, bad: `is longer than ${MAX_LINE_CHARACTERS} characters; is this JSON lines?` };
      return;
    }
  }
  const row = rowOfText(rest + decoder.decode(), line + 1);
  if (row !== null) yield row;
}

function rowOfText(text: string, line: number): SourceRow<unknown> | null {
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return { line, value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { line, bad: `is not JSON: ${error.message}` };
  }
}
