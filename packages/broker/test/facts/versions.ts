/** Whether a RabbitMQ of this version checks a token's audience where scopes have no prefix. */
export function checksAudience(version: string): boolean {
  return majorOf(version) >= 4;
}

/** Whether a RabbitMQ of this version checks the routing keys of the headers `CC` and `BCC` too. */
export function checksHeaderRoutes(version: string): boolean {
  return majorOf(version) >= 4;
}

function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}
