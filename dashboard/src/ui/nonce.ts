/** Nonce for style elements that scripts create, as the Content-Security-Policy requires. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

// Read by react-remove-scroll, which Mantine's dialogs use.
Object.assign(globalThis, { __webpack_nonce__: nonce });
