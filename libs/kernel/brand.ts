declare const brand: unique symbol;

/**
 * A value that was parsed at the door, so that the code behind it can trust the type: a `Brand<string, 'IpAddress'>`
 * is a string that only the parser of addresses hands out.
 */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };
