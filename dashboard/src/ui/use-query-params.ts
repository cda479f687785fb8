import { useSearchParams } from "wouter";

/** State in the query string, so that a link shows the same view. `null` or an empty string removes a parameter. */
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
