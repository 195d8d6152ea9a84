/** Where the vendor's calls are routed to inside; no client can ask for it, since the front door answers 404 there. */
export const VENDOR_TOKENS_PATH = '/vendor-tokens';
