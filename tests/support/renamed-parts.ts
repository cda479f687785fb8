import { WebSocketServer } from "ws";

/**
 * An object of a library as another version may have made it: without the part that `path` names, for all but the
 * library itself, whose methods go on with the real one.
 */
export function without<T extends object>(object: T, path: string): T {
  const [name = "", ...rest] = path.split(".");
  return new Proxy(object, {
    has: (target, key) => (key === name && rest.length === 0 ? false : Reflect.has(target, key)),
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (key === name) return rest.length === 0 ? undefined : without(Object(value), rest.join("."));
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

/** `ws` whose WebSockets lack a part. */
export function webSocketsWithout(path: string): unknown {
  return class extends WebSocketServer {
    override handleUpgrade(...[request, socket, head, then]: Parameters<WebSocketServer["handleUpgrade"]>): void {
      super.handleUpgrade(request, socket, head, (webSocket, ...rest) => then(without(webSocket, path), ...rest));
    }
  };
}

/** Instances of a class have another view of what is set as their `name`, until the function that is returned is called. */
export function replaceProperty(
  { prototype }: { prototype: object },
  name: string,
  view: (value: unknown, before: unknown) => unknown,
): () => void {
  const values = new WeakMap<object, unknown>();
  let isOver = false;
  Object.defineProperty(prototype, name, {
    configurable: true,
    get(this: object) {
      return values.get(this);
    },
    set(this: object, value: unknown) {
      values.set(this, isOver ? value : view(value, values.get(this)));
    },
  });
  // The property stays: instances that there are have their values by it.
  return () => {
    isOver = true;
  };
}
