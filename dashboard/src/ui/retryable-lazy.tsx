import { type ComponentType, createContext, lazy, useContext } from "react";
import { loadModule } from "./load-module.ts";

/** Changes with every retry of the error boundary around. */
export const AttemptContext = createContext(0);

/** As `lazy` of React, but a failed import is repeated after a retry. */
export function retryableLazy<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): ComponentType<Props> {
  let isLoaded = false;
  const create = () =>
    lazy(async () => {
      const module = await loadModule(load);
      isLoaded = true;
      return module;
    });
  let current = { attempt: 0, Component: create() };

  // biome-ignore lint/correctness/noComponentHookFactories: called once for each screen, at module level, as `lazy` is
  return function Lazy(props: Props) {
    const attempt = useContext(AttemptContext);
    if (!isLoaded && current.attempt !== attempt) current = { attempt, Component: create() };
    return <current.Component {...props} />;
  };
}
