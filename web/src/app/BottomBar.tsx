// The phone's bottom bar; store staff work from here with one thumb.
import { BarChartOutlined, IdcardOutlined, SkinOutlined, SmileOutlined, UserOutlined } from "@ant-design/icons";
import { Link, useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { TextKey } from "./i18n";
import { may, useMe } from "./session";

const items: { path: string; text: TextKey; staffText?: TextKey; need?: string; icon: React.ReactNode }[] = [
  { path: "/overview", text: "nav.overview", need: "insight.read", icon: <BarChartOutlined /> },
  { path: "/lookup", text: "nav.lookup", need: "customer.read", icon: <IdcardOutlined /> },
  {
    path: "/customers",
    text: "nav.customers",
    staffText: "nav.my_customers",
    need: "customer.read",
    icon: <UserOutlined />,
  },
  { path: "/catalogue/styles", text: "nav.styles", need: "catalog.read", icon: <SkinOutlined /> },
  { path: "/me", text: "nav.me", icon: <SmileOutlined /> },
];

export function BottomBar() {
  const { t } = useTranslation();
  const me = useMe();
  const path = useLocation({ select: (location) => location.pathname });
  return (
    <nav className="zx-bottom" aria-label={t("app.places")}>
      {items
        .filter((item) => may(me, item.need))
        .map((item) => (
          <Link
            key={item.path}
            to={item.path as "/"}
            aria-current={path === item.path || path.startsWith(`${item.path}/`) ? "page" : undefined}
          >
            {item.icon}
            <span>{t((me.role === "store" && item.staffText) || item.text)}</span>
          </Link>
        ))}
    </nav>
  );
}
