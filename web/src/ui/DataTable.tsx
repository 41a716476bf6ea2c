// A list as every list is here: sortable, columns to choose, three densities, j/k and Enter, and its own loading,
// empty and error states. On the phone each row is a card.
import { ColumnHeightOutlined, TableOutlined } from "@ant-design/icons";
import { Button, Checkbox, Dropdown, Popover, Skeleton, Table } from "antd";
import type { ColumnType, TableProps } from "antd/es/table";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useHotkeys } from "../app/hotkeys";
import { type Density, setPrefs, usePhone, usePrefs } from "../app/prefs";
import { Failed } from "./States";
import "./table.css";

export interface Column<T> {
  key: string;
  title: string;
  render: (row: T) => ReactNode;
  number?: boolean;
  width?: number;
  sort?: boolean;
  /** Not shown until chosen. */
  extra?: boolean;
  /** Cannot be taken away. */
  fixed?: boolean;
}

export interface DataTableProps<T> {
  id: string;
  label: string;
  columns: Column<T>[];
  rows: T[] | undefined;
  rowKey: (row: T) => string;
  error?: unknown;
  loading?: boolean;
  onRetry?: () => void;
  onOpen?: (row: T) => void;
  sort?: string;
  onSort?: (sort: string | undefined) => void;
  empty: ReactNode;
  card?: (row: T) => ReactNode;
  expanded?: (row: T) => ReactNode;
}

export function useColumns<T>(id: string, columns: Column<T>[]): [Column<T>[], (keys: string[]) => void] {
  const { columns: chosen } = usePrefs();
  const keys = chosen[id];
  const shown = columns.filter((c) => c.fixed || (keys ? keys.includes(c.key) : !c.extra));
  return [shown, (next) => setPrefs({ columns: { ...chosen, [id]: next } })];
}

/** The buttons for columns and density, to stand in a list's toolbar. */
export function TableTools<T>({ id, columns }: { id: string; columns: Column<T>[] }) {
  const { t } = useTranslation();
  const [shown, choose] = useColumns(id, columns);
  const { density } = usePrefs();
  const chooser = (
    <Checkbox.Group
      className="zx-chooser"
      value={shown.map((c) => c.key)}
      options={columns.map((c) => ({ value: c.key, label: c.title, disabled: c.fixed }))}
      onChange={(keys) => choose(keys as string[])}
    />
  );
  return (
    <>
      <Popover content={chooser} title={t("table.columns")} trigger="click" placement="bottomRight">
        <Button icon={<TableOutlined />} aria-label={t("table.columns")} />
      </Popover>
      <Dropdown
        trigger={["click"]}
        placement="bottomRight"
        menu={{
          selectable: true,
          selectedKeys: [density],
          items: (["large", "middle", "small"] as Density[]).map((key) => ({ key, label: t(`table.${key}`) })),
          onClick: ({ key }) => setPrefs({ density: key as Density }),
        }}
      >
        <Button icon={<ColumnHeightOutlined />} aria-label={t("table.density")} />
      </Dropdown>
    </>
  );
}

function useRowKeys<T>(rows: T[], onOpen: ((row: T) => void) | undefined): number {
  const { t } = useTranslation();
  const [active, setActive] = useState(-1);
  const move = (step: number) => setActive((now) => Math.max(0, Math.min(rows.length - 1, now + step)));
  useEffect(() => {
    setActive((now) => (now >= rows.length ? -1 : now));
  }, [rows]);
  useEffect(() => {
    if (active >= 0) document.querySelector(".zx-row-active")?.scrollIntoView({ block: "nearest" });
  }, [active]);
  useHotkeys(
    onOpen
      ? [
          { keys: "j", text: t("keys.down"), run: () => move(1) },
          { keys: "k", text: t("keys.up"), run: () => move(-1) },
          {
            keys: "o",
            text: t("keys.open"),
            run: () => {
              const row = rows[active];
              if (row) onOpen(row);
            },
          },
        ]
      : [],
  );
  return active;
}

export function DataTable<T extends object>(props: DataTableProps<T>) {
  const { t } = useTranslation();
  const phone = usePhone();
  const { density } = usePrefs();
  const [shown] = useColumns(props.id, props.columns);
  const rows = props.rows ?? [];
  const active = useRowKeys(rows, props.onOpen);
  if (props.error && !props.rows) return <Failed error={props.error} onRetry={props.onRetry} />;
  if (!props.rows) {
    return (
      <div role="status" aria-label={t("common.loading")}>
        <Skeleton active title={false} paragraph={{ rows: 8, width: "100%" }} className="zx-skeleton" />
      </div>
    );
  }
  if (!rows.length) return props.empty;
  if (phone && props.card) {
    return (
      <ul className="zx-cards" aria-label={props.label} aria-busy={props.loading}>
        {rows.map((row) => (
          <li key={props.rowKey(row)}>{props.card?.(row)}</li>
        ))}
      </ul>
    );
  }
  const columns = shown.map((c): ColumnType<T> => {
    const order = props.sort === c.key ? "ascend" : props.sort === `-${c.key}` ? "descend" : null;
    return {
      key: c.key,
      title: c.title,
      width: c.width,
      align: c.number ? "right" : undefined,
      className: c.number ? "zx-num" : undefined,
      sorter: c.sort && !!props.onSort,
      sortOrder: order,
      sortDirections: ["descend", "ascend"],
      showSorterTooltip: false,
      render: (_: unknown, row: T) => c.render(row),
    };
  });
  return <DataTableBody props={props} columns={columns} density={density} active={active} />;
}

/** What scrolls sideways can be reached and moved by the keyboard. */
function useScrollFocus(): React.RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const content = box.current?.querySelector<HTMLElement>(".ant-table-content");
    if (!content) return;
    const look = () => {
      if (content.scrollWidth > content.clientWidth) content.tabIndex = 0;
      else content.removeAttribute("tabindex");
    };
    const watcher = new ResizeObserver(look);
    watcher.observe(content);
    if (content.firstElementChild) watcher.observe(content.firstElementChild);
    return () => watcher.disconnect();
  }, []);
  return box;
}

function DataTableBody<T extends object>({
  props,
  columns,
  density,
  active,
}: {
  props: DataTableProps<T>;
  columns: ColumnType<T>[];
  density: Density;
  active: number;
}) {
  const { t } = useTranslation();
  const box = useScrollFocus();
  const onChange: TableProps<T>["onChange"] = (_p, _f, sorter) => {
    const one = Array.isArray(sorter) ? sorter[0] : sorter;
    if (!one?.order) props.onSort?.(undefined);
    else props.onSort?.(`${one.order === "descend" ? "-" : ""}${String(one.columnKey)}`);
  };
  return (
    <div ref={box}>
      <Table<T>
        aria-label={props.label}
        className="zx-table"
        size={density}
        columns={columns}
        dataSource={props.rows}
        rowKey={props.rowKey}
        loading={props.loading ? { delay: 300 } : false}
        pagination={false}
        scroll={{ x: "max-content" }}
        onChange={onChange}
        expandable={
          props.expanded
            ? {
                expandedRowRender: props.expanded,
                columnTitle: <span className="zx-hidden">{t("story.detail")}</span>,
              }
            : undefined
        }
        rowClassName={(_row, i) => (i === active ? "zx-row-active" : props.onOpen ? "zx-row-open" : "")}
        onRow={(row) => ({
          onClick: (event) => {
            const inner = (event.target as HTMLElement).closest("a, button, input, label");
            if (!inner && !window.getSelection()?.toString()) props.onOpen?.(row);
          },
        })}
      />
    </div>
  );
}
