// The left rail: places that are built and permitted.
import { MenuFoldOutlined, MenuUnfoldOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { Button, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { Logo } from "./Logo";
import { type Place, placesOf } from "./places";
import { setPrefs, useNarrow, usePrefs } from "./prefs";
import { homeOf, useMe } from "./session";

export function Rail({ place }: { place: Place | undefined }) {
  const { t } = useTranslation();
  const me = useMe();
  const narrow = useNarrow();
  const folded = usePrefs().railFolded || narrow;
  return (
    <nav className={`zx-rail ${folded ? "zx-rail-folded" : ""}`} aria-label={t("app.places")}>
      <Link to={homeOf(me) as "/"} className="zx-brand" aria-label="知心 Zhixin">
        <Logo />
        {!folded && <span>知心</span>}
      </Link>
      <ul>
        {placesOf(me).map((p) => (
          <li key={p.key}>
            <Tooltip title={folded ? t(p.text) : ""} placement="right">
              <Link
                to={p.tabs[0]?.path as "/"}
                aria-current={p.key === place?.key ? "page" : undefined}
                aria-label={t(p.text)}
              >
                {p.icon}
                {!folded && <span>{t(p.text)}</span>}
              </Link>
            </Tooltip>
          </li>
        ))}
      </ul>
      {!narrow && (
        <Button
          type="text"
          className="zx-fold"
          aria-label={folded ? t("app.unfold") : t("app.fold")}
          icon={folded ? <MenuUnfoldOutlined /> : <MenuFoldOutlined />}
          onClick={() => setPrefs({ railFolded: !folded })}
        />
      )}
    </nav>
  );
}
