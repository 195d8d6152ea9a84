declare const brand: unique symbol;

/** A value checked at the door: only its parser returns a `Brand<string, 'IpAddress'>`. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };
