// The login page: one way in, the same answer for whoever is unknown.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Alert, Button, Dropdown, Form, Input } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { logIn } from "../api/client";
import { Logo } from "../app/Logo";
import { homeOf, sessionQuery } from "../app/session";
import { useAppearanceMenus } from "../app/TopBar";
import type { Search } from "../app/url";
import { sentence } from "../ui/States";
import "./login.css";

/** Only a path of our own may be gone to after the login. */
function safePath(next: string | undefined): string | null {
  return next && /^\/(?![/\\])/.test(next) ? next : null;
}

export function LoginPage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { next } = useSearch({ strict: false }) as Search;
  const menus = useAppearanceMenus();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    document.title = `${t("login.title")} · ${t("app.name")}`;
  }, [t]);
  const submit = async ({ email, password }: { email: string; password: string }) => {
    setBusy(true);
    setError(null);
    try {
      const session = await logIn(email.trim(), password);
      client.setQueryData(sessionQuery.queryKey, session);
      await navigate({ href: safePath(next) ?? homeOf(session.staff), replace: true });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <div className="zx-login">
      <main>
        <Logo size={44} />
        <h1>知心</h1>
        <p className="zx-login-sub">{t("login.sub")}</p>
        <Form layout="vertical" onFinish={submit} requiredMark={false} size="large">
          {error !== null && <Alert type="error" showIcon title={sentence(error)} role="alert" />}
          <Form.Item name="email" label={t("login.email")} rules={[{ required: true, message: t("login.need_email") }]}>
            <Input autoFocus type="email" autoComplete="username" spellCheck={false} />
          </Form.Item>
          <Form.Item
            name="password"
            label={t("login.password")}
            rules={[{ required: true, message: t("login.need_password") }]}
          >
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          <Button type="primary" htmlType="submit" block loading={busy}>
            {t("login.go")}
          </Button>
        </Form>
        <footer>
          <Dropdown menu={menus.language} trigger={["click"]}>
            <Button type="text">{t("app.language")}</Button>
          </Dropdown>
          <Dropdown menu={menus.theme} trigger={["click"]}>
            <Button type="text">{t("app.theme")}</Button>
          </Dropdown>
        </footer>
      </main>
      <aside aria-hidden="true">
        <svg viewBox="0 0 480 480" className="zx-login-art" aria-hidden="true">
          <circle cx="196" cy="240" r="136" className="zx-art-web" />
          <circle cx="284" cy="240" r="136" className="zx-art-store" />
          <path
            d="M240 276c-26-18-44-33-44-53a23 23 0 0 1 44-12 23 23 0 0 1 44 12c0 20-18 35-44 53Z"
            className="zx-art-heart"
          />
          <text x="118" y="246">
            {t("channel.web")}
          </text>
          <text x="362" y="246">
            {t("channel.store")}
          </text>
        </svg>
        <p>{t("login.claim")}</p>
      </aside>
    </div>
  );
}
