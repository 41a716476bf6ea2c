// When the session has ended, asks for the password on top of the page; what was typed below stays, and the request
// that met the end is sent again.
import { App, Button, Form, Input, Modal } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { logIn, onSessionExpired } from "../api/client";
import { openStream } from "../api/stream";
import type { Staff } from "../api/types";
import { sentence } from "../ui/States";

export function Relogin({ me }: { me: Staff }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const waiting = useRef<((ok: boolean) => void)[]>([]);

  useEffect(() => {
    onSessionExpired(() => {
      setOpen(true);
      return new Promise((resolve) => waiting.current.push(resolve));
    });
    return () => onSessionExpired(null);
  }, []);

  const settle = (ok: boolean) => {
    setOpen(false);
    for (const resolve of waiting.current.splice(0)) resolve(ok);
  };
  const submit = async ({ password }: { password: string }) => {
    setBusy(true);
    try {
      const session = await logIn(me.email, password);
      if (session.staff.id !== me.id) window.location.reload();
      openStream();
      settle(true);
    } catch (error) {
      message.error(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  const leave = () => {
    settle(false);
    window.location.assign("/login");
  };
  return (
    <Modal
      open={open}
      title={t("relogin.title")}
      footer={null}
      closable={false}
      mask={{ closable: false }}
      destroyOnHidden
    >
      <p>{t("relogin.text", { name: me.name })}</p>
      <Form layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item
          name="password"
          label={t("login.password")}
          rules={[{ required: true, message: t("login.need_password") }]}
        >
          <Input.Password autoFocus autoComplete="current-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("relogin.go_on")}
        </Button>{" "}
        <Button type="text" onClick={leave}>
          {t("relogin.leave")}
        </Button>
      </Form>
    </Modal>
  );
}
