// 新建客户: few fields are needed, and a warning appears while typing when she is here already.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useBlocker, useNavigate } from "@tanstack/react-router";
import { App, Button, Form } from "antd";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api, body } from "../api/client";
import { useMe } from "../app/session";
import { PageHead } from "../ui/PageHead";
import { Failed } from "../ui/States";
import { ContactFields, ShopFields, WhoFields } from "./CustomerFields";
import { Duplicates } from "./Duplicates";
import { bodyOf, type FormValues } from "./form";
import "./form.css";

/** Asks before typed things are left behind. */
export function useLeaveGuard(): { dirty: () => void; clean: () => void } {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const touched = useRef(false);
  useBlocker({
    shouldBlockFn: async () => {
      if (!touched.current) return false;
      const leave = await modal.confirm({
        title: t("form.leave"),
        content: t("form.leave_text"),
        okText: t("form.leave_yes"),
        cancelText: t("form.leave_no"),
      });
      return !leave;
    },
    enableBeforeUnload: () => touched.current,
  });
  return {
    dirty: () => {
      touched.current = true;
    },
    clean: () => {
      touched.current = false;
    },
  };
}

/** "phones[0]" of the server's error → the field of the form. */
export function fieldPath(field: string): (string | number)[] {
  const parts = field.split(/[.[\]]+/).filter(Boolean);
  // Contacts are refused by kind: the value that was typed stands in the list's first row.
  if (field === "phone" || field === "email" || field === "card") return [`${field}s`, 0];
  if (parts[0] === "sizes") return [`size_${parts[1] ?? "top"}`];
  if (parts[0] === "addresses") return ["address", parts[2] ?? "street"];
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

export function NewPage() {
  const { t } = useTranslation();
  const me = useMe();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [form] = Form.useForm<FormValues>();
  const guard = useLeaveGuard();
  const save = useMutation({
    mutationFn: (values: FormValues) => body(api.POST("/api/v1/customers", { body: bodyOf(values) })),
    onSuccess: (customer) => {
      guard.clean();
      client.invalidateQueries({ queryKey: ["customers"] });
      message.success({ content: t("form.created"), key: "form.created" }); // once, however often it was clicked
      navigate({ to: "/customers/$id", params: { id: customer.id } });
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field)
        form.setFields([{ name: fieldPath(error.field) as never, errors: [error.message] }]);
    },
  });
  return (
    <>
      <PageHead title={t("customer.new")} sub={t("form.new_sub")} />
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        scrollToFirstError
        onValuesChange={guard.dirty}
        onFinish={(values) => save.mutate(values)}
        initialValues={{
          kind: "person",
          gender: "u",
          class: "consumer",
          phones: [""],
          emails: [""],
          cards: [""],
          home_store: me.store?.code,
        }}
      >
        <div className="zx-form-page">
          <div className="zx-column">
            <WhoFields />
            <ContactFields />
            <ShopFields />
          </div>
          <div className="zx-column zx-form-aside">
            <Duplicates form={form} />
            {save.error && <Failed error={save.error} />}
            <div className="zx-form-acts">
              <Button type="primary" htmlType="submit" loading={save.isPending}>
                {t("form.create")}
              </Button>
              <Button onClick={() => navigate({ to: "/customers" })}>{t("common.cancel")}</Button>
            </div>
          </div>
        </div>
      </Form>
    </>
  );
}
