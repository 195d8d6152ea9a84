/** The internal route of the vendor's calls. To clients the front door answers 404 there. */
export const VENDOR_TOKENS_PATH = '/vendor-tokens';
