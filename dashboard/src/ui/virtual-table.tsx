// biome-ignore-all lint/a11y/useSemanticElements: absolutely positioned rows cannot be rows of a table element
// biome-ignore-all lint/a11y/noNoninteractiveTabindex: scrollable areas must be reachable by keyboard
// biome-ignore-all lint/a11y/useFocusableInteractive: these rows and headings are not interactive
import { UnstyledButton } from "@mantine/core";
import { type CSSProperties, type Key, memo, type ReactNode, useRef } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { Link } from "wouter";
import { Deferred } from "./deferred.tsx";
import classes from "./virtual-table.module.css";

export interface Column<Row> {
  key: string;
  title: string;
  /** Grid track: `1fr`, `8rem`. */
  width: string;
  cell(row: Row): ReactNode;
  isSortable?: boolean;
  /** Hidden on narrow screens. */
  isWideOnly?: boolean;
  /** Right-aligned, for numbers. */
  isNumeric?: boolean;
  /** Contains buttons, which must be above the link of the row. */
  hasButtons?: boolean;
}

export interface Sort {
  by: string;
  isDescending: boolean;
}

export interface VirtualTableProps<Row> {
  label: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keyOf(row: Row): Key;
  /** Link target of a row; its first cell is the link. */
  hrefOf?(row: Row): string;
  sort?: Sort;
  onSort?(by: string): void;
  /** Called when the last rows are visible. */
  onEnd?(): void;
}

const headHeight = 36;

/** A table of any length; only the visible rows are mounted. */
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
      .filter(({ isWideOnly }) => !isWideOnly)
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
              data-wide={column.isWideOnly}
              data-end={column.isNumeric}
              aria-sort={sort?.by === column.key ? (sort.isDescending ? "descending" : "ascending") : undefined}
            >
              {column.isSortable && onSort ? (
                <UnstyledButton className={classes.sort} onClick={() => onSort(column.key)}>
                  {column.title}
                  {sort?.by === column.key && (sort.isDescending ? " ↓" : " ↑")}
                </UnstyledButton>
              ) : (
                column.title
              )}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={classes.body}>
        {/* Without `scrollRef` the row group would count as the scroller, and every row as visible. */}
        <Virtualizer
          ref={list}
          scrollRef={scroller}
          data={rows}
          startMargin={headHeight}
          itemSize={41}
          onScroll={scrolled}
        >
          {(row, index) => (
            <TableRow key={keyOf(row)} row={row} rowIndex={index + 2} columns={columns} href={hrefOf?.(row)} />
          )}
        </Virtualizer>
      </div>
    </div>
  );
}

interface TableRowProps<Row> {
  row: Row;
  /** Counted from 1, including the heading. */
  rowIndex: number;
  columns: readonly Column<Row>[];
  href: string | undefined;
}

/** Memoized: a change of another row does not render it again. */
const TableRow = memo(function TableRow<Row>({ row, rowIndex, columns, href }: TableRowProps<Row>) {
  return (
    <div role="row" aria-rowindex={rowIndex} className={classes.row}>
      {columns.map((column, index) => (
        <div
          key={column.key}
          role="cell"
          className={column.hasButtons ? `${classes.cell} ${classes.above}` : classes.cell}
          data-wide={column.isWideOnly}
          data-end={column.isNumeric}
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
