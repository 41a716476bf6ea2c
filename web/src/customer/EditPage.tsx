// 编辑客户: sends only what changed, under the revision it was read at. When a colleague was faster, both versions are
// shown and nothing is overwritten in silence.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { App, Button, Form } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../api/client";
import type { Customer } from "../api/types";
import { PageHead } from "../ui/PageHead";
import { Failed, Loaded } from "../ui/States";
import { Conflict } from "./Conflict";
import { ContactFields, ShopFields, WhoFields } from "./CustomerFields";
import { Duplicates } from "./Duplicates";
import { bodyOf, type FormValues, valuesOf } from "./form";
import "./form.css";
import { fieldPath, useLeaveGuard } from "./NewPage";
import { customerQuery } from "./queries";

export function EditPage() {
  const { id } = useParams({ from: "/shell/customers/$id/edit" });
  const query = useQuery({ ...customerQuery(id), staleTime: 0 });
  return <Loaded query={query}>{(customer) => <EditForm key={customer.id} current={customer} />}</Loaded>;
}

function EditForm({ current }: { current: Customer }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [form] = Form.useForm<FormValues>();
  const guard = useLeaveGuard();
  // What the form opened with; a conflict moves it to the newer version once the person has seen it.
  const [base, setBase] = useState(current);
  const [before] = useState(() => valuesOf(current));
  const done = () => navigate({ to: "/customers/$id", params: { id: current.id } });
  const save = useMutation({
    mutationFn: ({ values, rev }: { values: FormValues; rev: string }) =>
      api.PATCH("/api/v1/customers/{id}", {
        params: { path: { id: current.id }, header: { "If-Match": `"${rev}"` } },
        body: bodyOf(values, before),
      }),
    onSuccess: async () => {
      guard.clean();
      await client.invalidateQueries({ queryKey: ["customer", current.id] });
      message.success(t("common.saved"));
      done();
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return;
      if (error.status === 412) client.invalidateQueries({ queryKey: ["customer", current.id] });
      else if (error.field) form.setFields([{ name: fieldPath(error.field) as never, errors: [error.message] }]);
    },
  });
  const stale = save.error instanceof ApiError && save.error.status === 412;
  return (
    <>
      <PageHead title={t("form.edit", { name: current.salutation || current.name })} sub={t("form.edit_sub")} />
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        scrollToFirstError
        initialValues={before}
        onValuesChange={guard.dirty}
        onFinish={(values) => save.mutate({ values, rev: base.rev })}
      >
        <div className="zx-form-page">
          <div className="zx-column">
            <WhoFields customer={current} />
            <ContactFields customer={current} />
            <ShopFields customer={current} />
          </div>
          <div className="zx-column zx-form-aside">
            {stale && (
              <Conflict
                mine={bodyOf(form.getFieldsValue(true), before)}
                theirs={current}
                since={base}
                onKeep={() => {
                  setBase(current);
                  save.mutate({ values: form.getFieldsValue(true), rev: current.rev });
                }}
                onDrop={() => {
                  guard.clean();
                  done();
                }}
              />
            )}
            {save.error && !stale && <Failed error={save.error} />}
            <Duplicates form={form} self={current.id} />
            <div className="zx-form-acts">
              <Button type="primary" htmlType="submit" loading={save.isPending} disabled={stale}>
                {t("common.save")}
              </Button>
              <Button onClick={done}>{t("common.cancel")}</Button>
            </div>
          </div>
        </div>
      </Form>
    </>
  );
}
