export const byId = (id) => document.getElementById(id);

/** Strings among the children become text, whatever is in them. All that the page shows of others goes through here. */
export function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export const button = (text, onclick) => element("button", { type: "button", className: "small", onclick }, text);

/** A link, or mere text where following it could run a script. */
export function link(href, text) {
  if (!/^(https?:\/\/|\/(?!\/))/.test(href)) return text;
  return element("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);
}
