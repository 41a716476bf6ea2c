// The places of the left rail: what is built, what it needs, what stands in it. A role sees only what it may use.
import {
  ApiOutlined,
  BarChartOutlined,
  IdcardOutlined,
  SafetyOutlined,
  SettingOutlined,
  SkinOutlined,
  UserOutlined,
} from "@ant-design/icons";
import type { ReactNode } from "react";
import type { Staff } from "../api/types";
import type { TextKey } from "./i18n";
import { may } from "./session";

export interface Tab {
  path: string;
  text: TextKey;
  need: string;
}
export interface Place {
  key: string;
  text: TextKey;
  icon: ReactNode;
  letter: string;
  tabs: Tab[];
}

const places: Place[] = [
  {
    key: "overview",
    text: "nav.overview",
    icon: <BarChartOutlined />,
    letter: "o",
    tabs: [{ path: "/overview", text: "nav.overview", need: "insight.read" }],
  },
  {
    key: "lookup",
    text: "nav.lookup",
    icon: <IdcardOutlined />,
    letter: "l",
    tabs: [{ path: "/lookup", text: "nav.lookup", need: "customer.read" }],
  },
  {
    key: "customers",
    text: "nav.customers",
    icon: <UserOutlined />,
    letter: "c",
    tabs: [
      { path: "/customers", text: "nav.customer_list", need: "customer.read" },
      { path: "/reviews", text: "nav.reviews", need: "review.read" },
      { path: "/orders", text: "nav.orders", need: "order.read" },
    ],
  },
  {
    key: "catalogue",
    text: "nav.catalogue",
    icon: <SkinOutlined />,
    letter: "g",
    tabs: [
      { path: "/catalogue/styles", text: "nav.styles", need: "catalog.read" },
      { path: "/catalogue/stores", text: "nav.stores", need: "catalog.read" },
    ],
  },
  {
    key: "data",
    text: "nav.data",
    icon: <ApiOutlined />,
    letter: "d",
    tabs: [
      { path: "/data/sources", text: "nav.sources", need: "source.read" },
      { path: "/data/live", text: "nav.live", need: "live.read" },
      { path: "/data/imports", text: "nav.imports", need: "import.run" },
      { path: "/data/quarantine", text: "nav.quarantine", need: "live.read" },
    ],
  },
  {
    key: "privacy",
    text: "nav.privacy",
    icon: <SafetyOutlined />,
    letter: "p",
    tabs: [{ path: "/privacy/audit", text: "nav.audit", need: "audit.read" }],
  },
  {
    key: "settings",
    text: "nav.settings",
    icon: <SettingOutlined />,
    letter: "s",
    tabs: [
      { path: "/settings/staff", text: "nav.staff", need: "staff.read" },
      { path: "/settings/roles", text: "nav.roles", need: "staff.read" },
    ],
  },
];

export function placesOf(staff: Staff): Place[] {
  return places
    .map((place) => ({ ...place, tabs: place.tabs.filter((tab) => may(staff, tab.need)) }))
    .filter((place) => place.tabs.length > 0);
}

export function placeAt(staff: Staff, path: string): Place | undefined {
  return placesOf(staff).find((place) =>
    place.tabs.some((tab) => path === tab.path || path.startsWith(`${tab.path}/`)),
  );
}

export function needOf(path: string): string | undefined {
  for (const place of places) {
    const tab = place.tabs.find((t) => path === t.path || path.startsWith(`${t.path}/`));
    if (tab) return tab.need;
  }
  return undefined;
}
