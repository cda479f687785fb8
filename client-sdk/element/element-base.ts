/** `HTMLElement`, or an empty class where there is no DOM, so that the module loads on a server as well. */
export const ElementBase: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export function define(name: string, element: CustomElementConstructor): void {
  const { customElements } = globalThis as { customElements?: CustomElementRegistry };
  if (customElements && !customElements.get(name)) customElements.define(name, element);
}

/** Fills the element's shadow root with a style sheet and markup. */
export function buildShadow(host: HTMLElement, css: string, html: string): ShadowRoot {
  const shadow = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  // A strict Content-Security-Policy forbids a <style> element.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  shadow.innerHTML = html;
  return shadow;
}

export function partOf(shadow: ShadowRoot, name: string): HTMLElement {
  const part = shadow.querySelector<HTMLElement>(`[part~="${name}"]`);
  if (!part) throw new Error(`Missing part: ${name}`);
  return part;
}
