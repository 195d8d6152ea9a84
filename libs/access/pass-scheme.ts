import { isHttpToken } from '@scopegate/kernel';

/** R120: why a scheme may not be passed on to the application; null if it may. */
export function passSchemeProblem(scheme: string): string | null {
  if (!isHttpToken(scheme)) return 'must be the name of an Authorization scheme, such as JWT';
  switch (scheme.toLowerCase()) {
    case 'basic':
      return 'must not be Basic. Set "passwords" to "forward" if the application checks passwords itself';
    case 'negotiate':
    case 'ntlm':
      // It would log in the connection, and with it every other client whose requests the connection carries.
      return `must not be ${scheme}, which authenticates a connection: the gateway shares connections between clients`;
    default:
      return null;
  }
}
