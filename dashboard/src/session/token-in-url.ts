const inFragment = /(?:^#|&)token=([^&]+)/;

/** The token of pasted text: a sign-in link such as `npm start` prints, or the token itself. */
export function extractToken(text: string): string {
  const fragment = text.slice(Math.max(0, text.indexOf("#")));
  return inFragment.exec(fragment)?.[1] ?? text.trim();
}

/** Removes the token from the URL, so that it does not stay visible or in the history. */
export function takeTokenFromUrl(): string | undefined {
  const { hash, pathname, search } = location;
  const token = inFragment.exec(hash)?.[1];
  if (token !== undefined) history.replaceState(history.state, "", pathname + search);
  return token;
}
