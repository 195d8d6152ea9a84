/** Of https, or of http (RFC 9110 4.2). */
export function defaultPort(isSecure: boolean): number {
  return isSecure ? 443 : 80;
}
