import { useCallback, useEffect, useRef, useState } from "react";

interface ResultPage<Item> {
  items: readonly Item[];
  nextCursor: string | null;
}

export interface PagedQuery<Item> {
  items: readonly Item[];
  /** The first page has been loaded. */
  isReady: boolean;
  isLoading: boolean;
  hasMore: boolean;
  error: unknown;
  loadMore(): void;
  refresh(): void;
}

interface State<Item> extends ResultPage<Item> {
  isReady: boolean;
  isLoading: boolean;
  error: unknown;
}

const initialState = { items: [], nextCursor: null, isReady: false, isLoading: true, error: null };

/**
 * A paged list, loaded as far as the user scrolls. Memoize `read`: a new function starts with the first page again.
 */
export function usePagedQuery<Item>(read: (cursor: string | undefined) => Promise<ResultPage<Item>>): PagedQuery<Item> {
  const [state, setState] = useState<State<Item>>(initialState);
  /** Replies to superseded requests are ignored. */
  const requests = useRef(0);

  const readPage = useCallback(
    async (cursor: string | undefined, before: readonly Item[]) => {
      const request = ++requests.current;
      setState((state) => ({ ...state, isLoading: true }));
      try {
        const { items, nextCursor } = await read(cursor);
        if (request !== requests.current) return;
        setState({ items: [...before, ...items], nextCursor, isReady: true, isLoading: false, error: null });
      } catch (error) {
        if (request === requests.current) setState((state) => ({ ...state, isLoading: false, error }));
      }
    },
    [read],
  );

  useEffect(() => {
    setState(initialState);
    void readPage(undefined, []);
    return () => {
      requests.current += 1;
    };
  }, [readPage]);

  const { items, nextCursor, isLoading } = state;
  return {
    ...state,
    hasMore: nextCursor !== null,
    loadMore: () => {
      if (nextCursor !== null && !isLoading) void readPage(nextCursor, items);
    },
    refresh: () => void readPage(undefined, []),
  };
}
