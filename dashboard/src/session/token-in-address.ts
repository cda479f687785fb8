const inFragment = /(?:^#|&)token=([^&]+)/;

/** The token of a link such as `npm start` prints, or of what somebody has pasted: a link, or the token itself. */
export function extractToken(text: string): string {
  const fragment = text.slice(Math.max(0, text.indexOf("#")));
  return inFragment.exec(fragment)?.[1] ?? text.trim();
}

/** Takes a token out of the address, so that it is in no history and nobody's view for longer than it has to be. */
export function takeTokenFromAddress(): string | undefined {
  const { hash, pathname, search } = location;
  const token = inFragment.exec(hash)?.[1];
  if (token !== undefined) history.replaceState(history.state, "", pathname + search);
  return token;
}
