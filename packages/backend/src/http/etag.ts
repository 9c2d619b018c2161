/**
 * Whether `If-None-Match` names this entity tag, by the weak comparison that RFC 9110 (13.1.2) asks for.
 * @param header the header's value; `*` names any
 * @param etag our tag, such as `W/"k3v9.42"`
 */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const own = opaque(etag);
  return header.split(',').some((tag) => opaque(tag.trim()) === own);
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
