import { useSearchParams } from "wouter";

/** What stands in the address after `?`: what is seen can be sent to somebody. Nothing, or an empty text, takes it out. */
export function useQueryParams<Name extends string>() {
  const [parameters, setParameters] = useSearchParams();
  const set = (name: Name, value: string | null) =>
    setParameters(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  return { parameters, set };
}
