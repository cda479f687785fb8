import { Button, TextInput } from "@mantine/core";
import { type Icon, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Page } from "../ui/page.tsx";
import { EmptyState, ErrorAlert, LoadingState } from "../ui/page-states.tsx";
import { VirtualTable, type VirtualTableProps } from "../ui/virtual-table.tsx";
import type { PagedQuery } from "./use-paged-query.ts";

interface PagedListProps<Item> extends Pick<VirtualTableProps<Item>, "columns" | "keyOf" | "hrefOf"> {
  name: string;
  pages: PagedQuery<Item>;
  search: { label: string; placeholder: string; text: string; change(text: string): void };
  /** Filters beside the search field. */
  filters?: ReactNode;
  empty: { icon: Icon; title: string; hint: string };
  /** Drawers and dialogs. */
  children?: ReactNode;
}

/** A list that the server filters and pages, loaded as the user scrolls. */
export function PagedList<Item>(props: PagedListProps<Item>) {
  const { name, pages, search, filters, empty, columns, keyOf, hrefOf, children } = props;
  const { items, isReady, isLoading, hasMore, error, loadMore, refresh } = pages;
  return (
    <Page
      title={`${name}${isReady ? ` (${items.length.toLocaleString()}${hasMore ? "+" : ""})` : ""}`}
      fills
      actions={
        <>
          <TextInput
            size="xs"
            type="search"
            aria-label={search.label}
            placeholder={search.placeholder}
            value={search.text}
            onChange={(event) => search.change(event.currentTarget.value)}
          />
          {filters}
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            loading={isLoading}
            onClick={refresh}
          >
            Refresh
          </Button>
        </>
      }
    >
      {error !== null && <ErrorAlert error={error} />}
      {!isReady && error === null && <LoadingState />}
      {isReady && items.length === 0 && (
        <EmptyState icon={empty.icon} title={empty.title}>
          {empty.hint}
        </EmptyState>
      )}
      {items.length > 0 && (
        <VirtualTable
          label={name}
          rows={items}
          columns={columns}
          keyOf={keyOf}
          onEnd={loadMore}
          {...(hrefOf ? { hrefOf } : {})}
        />
      )}
      {children}
    </Page>
  );
}
