import { useCallback, useEffect, useRef, useState } from "react";

export interface ResultPage<Item> {
  items: readonly Item[];
  nextCursor: string | null;
}

export interface PagedQuery<Item> {
  items: readonly Item[];
  /** The first page is there. */
  isReady: boolean;
  isReading: boolean;
  hasMore: boolean;
  error: unknown;
  more(): void;
  again(): void;
}

interface State<Item> extends ResultPage<Item> {
  isReady: boolean;
  isReading: boolean;
  error: unknown;
}

const nothing = { items: [], nextCursor: null, isReady: false, isReading: true, error: null };

/**
 * A list that the server gives in pages, read as far as somebody scrolls. `read` is the same function for as long as
 * the same is asked for; another one begins anew.
 */
export function usePagedQuery<Item>(read: (cursor: string | undefined) => Promise<ResultPage<Item>>): PagedQuery<Item> {
  const [state, setState] = useState<State<Item>>(nothing);
  /** StreamingResponses to older questions are of no interest. */
  const asked = useRef(0);

  const readPage = useCallback(
    async (cursor: string | undefined, before: readonly Item[]) => {
      const mine = ++asked.current;
      setState((state) => ({ ...state, isReading: true }));
      try {
        const { items, nextCursor } = await read(cursor);
        if (mine !== asked.current) return;
        setState({ items: [...before, ...items], nextCursor, isReady: true, isReading: false, error: null });
      } catch (error) {
        if (mine === asked.current) setState((state) => ({ ...state, isReading: false, error }));
      }
    },
    [read],
  );

  useEffect(() => {
    setState(nothing);
    void readPage(undefined, []);
    return () => {
      asked.current += 1;
    };
  }, [readPage]);

  const { items, nextCursor, isReading } = state;
  return {
    ...state,
    hasMore: nextCursor !== null,
    more: () => {
      if (nextCursor !== null && !isReading) void readPage(nextCursor, items);
    },
    again: () => void readPage(undefined, []),
  };
}
