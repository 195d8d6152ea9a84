/** An internal route: to clients, the front door answers 404 there. */
export const VENDOR_TOKENS_PATH = '/vendor-tokens';
