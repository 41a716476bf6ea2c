// The top bar: search, palette, tasks, language, theme, me; and the tabs of the place one is in.
import {
  BgColorsOutlined,
  GlobalOutlined,
  LogoutOutlined,
  QuestionCircleOutlined,
  SearchOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { Button, Dropdown, type MenuProps } from "antd";
import { useTranslation } from "react-i18next";
import { useStreamState } from "../api/stream";
import { Key } from "../ui/Bits";
import { changeLanguage } from "./i18n";
import { Logo } from "./Logo";
import type { Place } from "./places";
import { type Language, languages, setPrefs, type ThemeChoice, usePhone, usePrefs } from "./prefs";
import { SearchBox } from "./SearchBox";
import { useLogOut, useMe } from "./session";
import { TasksTray } from "./TasksTray";

const themes: ThemeChoice[] = ["system", "light", "dark"];

export function useAppearanceMenus(): { language: MenuProps; theme: MenuProps } {
  const { t } = useTranslation();
  const prefs = usePrefs();
  return {
    language: {
      selectable: true,
      selectedKeys: [prefs.language],
      items: Object.entries(languages).map(([key, label]) => ({ key, label })),
      onClick: ({ key }) => changeLanguage(key as Language),
    },
    theme: {
      selectable: true,
      selectedKeys: [prefs.theme],
      items: themes.map((key) => ({ key, label: t(`theme.${key}`) })),
      onClick: ({ key }) => setPrefs({ theme: key as ThemeChoice }),
    },
  };
}

export function TopBar({ onPalette }: { onPalette: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const phone = usePhone();
  const navigate = useNavigate();
  const logOut = useLogOut();
  const menus = useAppearanceMenus();
  const stream = useStreamState();
  const meMenu: MenuProps = {
    items: [
      { key: "me", icon: <UserOutlined />, label: t("me.profile") },
      { key: "out", icon: <LogoutOutlined />, label: t("me.log_out") },
    ],
    onClick: ({ key }) => (key === "out" ? logOut() : navigate({ to: "/me" })),
  };
  return (
    <header className="zx-bar">
      {phone ? (
        <Link to="/" className="zx-brand" aria-label="知心 Zhixin">
          <Logo />
          <span>知心</span>
        </Link>
      ) : (
        <SearchBox />
      )}
      <div className="zx-bar-acts">
        {stream === "connecting" && (
          <span className="zx-offline" role="status">
            {t("app.reconnecting")}
          </span>
        )}
        {!phone && (
          <Button type="text" onClick={onPalette} className="zx-palette-button" aria-keyshortcuts="Control+K">
            <SearchOutlined aria-hidden /> {t("palette.open")} <Key>Ctrl K</Key>
          </Button>
        )}
        <TasksTray />
        {!phone && (
          <>
            <Dropdown menu={menus.language} trigger={["click"]}>
              <Button type="text" icon={<GlobalOutlined />} aria-label={t("app.language")} />
            </Dropdown>
            <Dropdown menu={menus.theme} trigger={["click"]}>
              <Button type="text" icon={<BgColorsOutlined />} aria-label={t("app.theme")} />
            </Dropdown>
            <Button
              type="text"
              icon={<QuestionCircleOutlined />}
              aria-label={t("keys.sheet")}
              onClick={() => window.dispatchEvent(new KeyboardEvent("keydown", { key: "?" }))}
            />
          </>
        )}
        {!phone && (
          <Dropdown menu={meMenu} trigger={["click"]} placement="bottomRight">
            <Button type="text" className="zx-me">
              <span className="zx-avatar" aria-hidden>
                {me.name.slice(0, 1)}
              </span>
              {me.name}
            </Button>
          </Dropdown>
        )}
      </div>
    </header>
  );
}

export function PlaceTabs({ place }: { place: Place }) {
  const { t } = useTranslation();
  const path = useLocation({ select: (location) => location.pathname });
  const phone = usePhone();
  const deep = !place.tabs.some((tab) => tab.path === path);
  if (place.tabs.length < 2 || deep) return null;
  return (
    <nav className={`zx-tabs ${phone ? "zx-tabs-phone" : ""}`} aria-label={t(place.text)}>
      {place.tabs.map((tab) => (
        <Link key={tab.path} to={tab.path as "/"} aria-current={path === tab.path ? "page" : undefined}>
          {t(tab.text)}
        </Link>
      ))}
    </nav>
  );
}
