/** Digits as other scripts write them, by their value. */
const DIGIT_STARTS = [0x660, 0x6f0, 0x966];

/**
 * A number as people type one: comma or dot, Arabic or Latin digits, at most so many decimals. Null when it is
 * none, or has more.
 */
export function decimalIn(text: string, decimalsMax: number): number | null {
  const plain = Array.from(text.trim(), latinDigit).join('').replace(/[,٫]/, '.');
  if (!/^\d{1,9}(\.\d*)?$/.test(plain)) return null;
  const decimals = plain.split('.')[1] ?? '';
  return decimals.length > decimalsMax ? null : Number(plain);
}

function latinDigit(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  const start = DIGIT_STARTS.find((each) => code >= each && code < each + 10);
  return start === undefined ? letter : String(code - start);
}
