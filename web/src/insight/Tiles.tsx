// The first row: each figure with its formula on hover, its comparison, and the list behind it on click.
import { InfoCircleOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Skeleton, Tooltip } from "antd";
import i18next from "i18next";
import { useTranslation } from "react-i18next";
import type { Overview, Tile } from "../api/types";
import { textOr } from "../app/i18n";
import { count, money, moneyShort, percent } from "../ui/format";
import { lastDays } from "../ui/Period";
import type { Filter } from "./queries";

function shown(tile: Tile, value: Tile["value"]): string {
  if (value === null || value === undefined || value === "") return "–";
  if (tile.unit === "money") return Number(value) >= 10000 ? moneyShort(value) : money(value);
  if (tile.unit === "percent") return percent(value);
  if (tile.unit === "ratio") return Number(value).toFixed(2);
  return count(value);
}

function whole(tile: Tile, value: Tile["value"]): string {
  return tile.unit === "money" ? money(value) : shown(tile, value);
}

/** "▲ +4.2%", in points where the figure is itself a share; empty when there is nothing to compare with. */
export function change(tile: Tile): { sign: string; text: string } | null {
  if (tile.value === null || tile.before === null || tile.before === undefined || tile.before === "") return null;
  const now = Number(tile.value);
  const before = Number(tile.before);
  const points = tile.unit === "percent";
  if (!points && before === 0) return null;
  const delta = points ? now - before : ((now - before) / Math.abs(before)) * 100;
  const rounded = Math.abs(delta).toFixed(1);
  if (Number(rounded) === 0) return { sign: "", text: i18next.t("overview.unchanged") };
  const up = delta > 0;
  return { sign: up ? "▲" : "▼", text: `${up ? "+" : "−"}${rounded}${points ? "pp" : "%"}` };
}

function TileView({
  tile,
  pieces,
  filter,
  running,
}: {
  tile: Tile;
  pieces?: Tile;
  filter: Filter;
  /** Today is in the period and not over, while what it is compared with is whole. */
  running: boolean;
}) {
  const { t } = useTranslation();
  const delta = change(tile);
  const name = textOr(`tile.${tile.key}`, tile.key);
  const formula = textOr(`tile.${tile.key}.formula`, tile.formula);
  const hints = running && delta ? [formula, t("overview.running")] : [formula];
  return (
    <li>
      <Tooltip title={hints.map((hint) => <div key={hint}>{hint}</div>)} mouseEnterDelay={0.3}>
        <Link to="/overview/detail" search={{ ...filter, tile: tile.key }} className="zx-tile" data-tile={tile.key}>
          <span className="zx-tile-name">
            {name}
            <InfoCircleOutlined aria-hidden />
          </span>
          <strong className="zx-num" title={whole(tile, tile.value)}>
            {shown(tile, tile.value)}
            {pieces && <small>{t("overview.by_pieces", { value: shown(pieces, pieces.value) })}</small>}
          </strong>
          <span className="zx-tile-change zx-num">
            {delta ? (
              <>
                <span aria-hidden="true">{delta.sign}</span> {delta.text.replace("pp", t("overview.points"))}
                <span className="zx-tile-before">{t("overview.before", { value: shown(tile, tile.before) })}</span>
              </>
            ) : (
              t("overview.no_before")
            )}
          </span>
          <span className="zx-hidden">{hints.join(" ")}</span>
        </Link>
      </Tooltip>
    </li>
  );
}

export function Tiles({ overview, filter }: { overview: Overview; filter: Filter }) {
  const { t } = useTranslation();
  // The two return rates share a tile: by amount, and by pieces beside it.
  const pieces = overview.tiles.find((tile) => tile.key === "return_rate_pieces");
  const running = overview.period.to >= lastDays(1).to && !!overview.compare_period;
  return (
    <ul className="zx-tiles" aria-label={t("overview.figures")}>
      {overview.tiles
        .filter((tile) => tile !== pieces)
        .map((tile) => (
          <TileView
            key={tile.key}
            tile={tile}
            pieces={tile.key === "return_rate_amount" ? pieces : undefined}
            filter={filter}
            running={running}
          />
        ))}
    </ul>
  );
}

export function TilesSkeleton() {
  return (
    <div className="zx-tiles">
      {Array.from({ length: 10 }, (_, i) => `tile-${i}`).map((key) => (
        <div key={key} className="zx-tile">
          <Skeleton active title={false} paragraph={{ rows: 2, width: ["60%", "90%"] }} />
        </div>
      ))}
    </div>
  );
}
