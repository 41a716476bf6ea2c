// The frame of every page behind the login: rail or bottom bar, top bar, and the page in its own error boundary.
import { type Query, useQueryClient } from "@tanstack/react-query";
import { Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { closeStream, onStreamOpen, onStreamReset, openStream } from "../api/stream";
import { Denied } from "../ui/States";
import { BottomBar } from "./BottomBar";
import { Failsafe } from "./Failsafe";
import { type Hotkey, useHotkeys } from "./hotkeys";
import { needOf, placeAt, placesOf } from "./places";
import { usePhone } from "./prefs";
import { Rail } from "./Rail";
import { Relogin } from "./Relogin";
import { focusSearch } from "./SearchBox";
import { may, useMe } from "./session";
import { PlaceTabs, TopBar } from "./TopBar";
import "./shell.css";

const loadPalette = () => import("./Palette");
const Palette = lazy(loadPalette);
const ShortcutSheet = lazy(() => import("./ShortcutSheet"));

export function Shell() {
  const { t } = useTranslation();
  const me = useMe();
  const phone = usePhone();
  const client = useQueryClient();
  const navigate = useNavigate();
  const path = useLocation({ select: (location) => location.pathname });
  const [open, setOpen] = useState<"palette" | "sheet" | null>(null);
  const place = placeAt(me, path);

  useEffect(() => {
    openStream();
    return closeStream;
  }, []);
  // Keys typed right after Ctrl-K should not fall beside a palette that is still on its way.
  useEffect(() => {
    const timer = window.setTimeout(loadPalette, 2000);
    return () => window.clearTimeout(timer);
  }, []);
  useEffect(() => onStreamReset(() => client.invalidateQueries()), [client]);
  useEffect(() => {
    const wasRead = ({ state }: Query) => state.dataUpdatedAt > 0 && state.fetchStatus === "idle";
    return onStreamOpen(() => client.invalidateQueries({ predicate: wasRead }));
  }, [client]);

  useEffect(() => {
    document.title = place ? `${t(place.text)} · ${t("app.name")}` : t("app.name");
  }, [place, t]);

  useHotkeys([
    { keys: "/", text: t("keys.search"), run: focusSearch },
    { keys: "ctrl+k", text: t("keys.palette"), run: () => setOpen((now) => (now === "palette" ? null : "palette")) },
    { keys: "?", text: t("keys.sheet"), run: () => setOpen("sheet") },
    ...placesOf(me).map(
      (p): Hotkey => ({
        keys: `g ${p.letter}`,
        text: t("keys.go", { place: t(p.text) }),
        run: () => navigate({ to: p.tabs[0]?.path as "/" }),
      }),
    ),
  ]);

  return (
    <div className={`zx-shell ${phone ? "zx-shell-phone" : ""}`}>
      <a className="zx-skip" href="#main">
        {t("app.skip")}
      </a>
      {!phone && <Rail place={place} />}
      <div className="zx-side">
        <TopBar onPalette={() => setOpen("palette")} />
        <main id="main" tabIndex={-1}>
          {place && <PlaceTabs place={place} />}
          <Failsafe resetKey={path}>
            <Suspense>{may(me, needOf(path)) ? <Outlet /> : <Denied />}</Suspense>
          </Failsafe>
        </main>
      </div>
      {phone && <BottomBar />}
      <Relogin me={me} />
      <Suspense>
        {open === "palette" && <Palette onClose={() => setOpen(null)} />}
        {open === "sheet" && <ShortcutSheet onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  );
}
