// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by hand are no rows of a table element
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
// biome-ignore-all lint/a11y/useFocusableInteractive: these rows and headings are for reading
import { UnstyledButton } from "@mantine/core";
import { type CSSProperties, type Key, memo, type ReactNode, useRef } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { Link } from "wouter";
import { Deferred } from "./deferred.tsx";
import classes from "./virtual-table.module.css";

export interface Column<Row> {
  key: string;
  title: string;
  /** Of the grid: `1fr`, `8rem`. */
  width: string;
  cell(row: Row): ReactNode;
  /** Can be sorted by. */
  sorts?: boolean;
  /** Is left out where there is little room. */
  isForWide?: boolean;
  /** Numbers. */
  isEnd?: boolean;
  /** Has buttons, which stand above the link of the row. */
  hasButtons?: boolean;
}

export interface Sort {
  by: string;
  isDown: boolean;
}

export interface VirtualTableProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf(row: Row): Key;
  /** Where a row leads; its first cell is the link. */
  hrefOf?(row: Row): string;
  sort?: Sort;
  onSort?(by: string): void;
  /** The last rows are in sight. */
  onEnd?(): void;
}

const headHeight = 36;

/** A table of any length, of which only the rows in sight exist. */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  return (
    <Deferred>
      <Table {...props} />
    </Deferred>
  );
}

function Table<Row>(props: VirtualTableProps<Row>) {
  const { label, rows, columns, keyOf, hrefOf, sort, onSort, onEnd } = props;
  const list = useRef<VirtualizerHandle>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const tracks = {
    "--columns": columns.map(({ width }) => width).join(" "),
    "--phone-columns": columns
      .filter(({ isForWide }) => !isForWide)
      .map(({ width }) => width)
      .join(" "),
  } as CSSProperties;

  function scrolled(offset: number) {
    const handle = list.current;
    if (handle && offset + handle.viewportSize > handle.scrollSize - 600) onEnd?.();
  }

  return (
    <div
      ref={scroller}
      className={classes.scroller}
      style={tracks}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
    >
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className={`${classes.row} ${classes.head}`}>
          {columns.map((column) => (
            <div
              key={column.key}
              role="columnheader"
              className={classes.cell}
              data-wide={column.isForWide}
              data-end={column.isEnd}
              aria-sort={sort?.by === column.key ? (sort.isDown ? "descending" : "ascending") : undefined}
            >
              {column.sorts && onSort ? (
                <UnstyledButton className={classes.sort} onClick={() => onSort(column.key)}>
                  {column.title}
                  {sort?.by === column.key && (sort.isDown ? " ↓" : " ↑")}
                </UnstyledButton>
              ) : (
                column.title
              )}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={classes.body}>
        {/* Without `scrollRef` what scrolls would be taken to be the row group, in which every row is in sight. */}
        <Virtualizer
          ref={list}
          scrollRef={scroller}
          data={rows}
          startMargin={headHeight}
          itemSize={41}
          onScroll={scrolled}
        >
          {(row, index) => (
            <TableRow key={keyOf(row)} row={row} place={index + 2} columns={columns} href={hrefOf?.(row)} />
          )}
        </Virtualizer>
      </div>
    </div>
  );
}

interface TableRowProps<Row> {
  row: Row;
  /** Counted from 1, the heading included. */
  place: number;
  columns: readonly Column<Row>[];
  href: string | undefined;
}

/** Is drawn again when its own row has changed, and not with every other. */
const TableRow = memo(function TableRow<Row>({ row, place, columns, href }: TableRowProps<Row>) {
  return (
    <div role="row" aria-rowindex={place} className={classes.row}>
      {columns.map((column, index) => (
        <div
          key={column.key}
          role="cell"
          className={column.hasButtons ? `${classes.cell} ${classes.above}` : classes.cell}
          data-wide={column.isForWide}
          data-end={column.isEnd}
        >
          {index === 0 && href !== undefined ? (
            <Link href={href} className={classes.link}>
              {column.cell(row)}
            </Link>
          ) : (
            column.cell(row)
          )}
        </div>
      ))}
    </div>
  );
}) as <Row>(props: TableRowProps<Row>) => ReactNode;
