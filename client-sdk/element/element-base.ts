/** On a server there is no page, and no element to be made from; the module can be loaded all the same. */
export const ElementBase: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export function define(name: string, element: CustomElementConstructor): void {
  const { customElements } = globalThis as { customElements?: CustomElementRegistry };
  if (customElements && !customElements.get(name)) customElements.define(name, element);
}

/** A style sheet and named parts, in a shadow of the element's own. */
export function buildShadow(host: HTMLElement, css: string, html: string): ShadowRoot {
  const shadow = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  // A style element of its own would be forbidden by a strict Content-Security-Policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  shadow.innerHTML = html;
  return shadow;
}

export function partOf(shadow: ShadowRoot, name: string): HTMLElement {
  const part = shadow.querySelector<HTMLElement>(`[part~="${name}"]`);
  if (!part) throw new Error(`There is no part ${name}.`);
  return part;
}
